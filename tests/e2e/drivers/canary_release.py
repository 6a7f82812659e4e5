"""Ask for quotes, and have the version that is live tried once more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation

ASKED = [("home", "1", 200, "4.50"), ("world", "31", 200, "229.80")]


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Invoke the alias with what its URL would send."""
    for zone, weight, status, price in ASKED:
        answer = ask(deployed, zone, weight)
        got = json.loads(answer["body"]).get("price")
        yield Expectation(
            f"{weight} kg, {zone}",
            f"{price}, {status}",
            f"{got}, {answer['statusCode']}",
            (got, answer["statusCode"]) == (price, status),
        )
    answer = ask(deployed, "moon", "1")
    yield Expectation(
        "1 kg, moon", "400", str(answer["statusCode"]), answer["statusCode"] == 400
    )


def ask(deployed: Deployed, zone: str, weight: str) -> Mapping[str, Any]:
    """Give the function's answer to one request."""
    event = {
        "version": "2.0",
        "rawPath": "/quote",
        "queryStringParameters": {"zone": zone, "kg": weight},
        "headers": {},
        "requestContext": {
            "requestId": deployed.run,
            "stage": "$default",
            "http": {"method": "GET", "path": "/quote"},
        },
        "isBase64Encoded": False,
    }
    answer = deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Quotes/Function"),
        Qualifier="live",
        Payload=json.dumps(event).encode(),
    )
    found: Mapping[str, Any] = json.load(answer["Payload"])
    return found


def look(deployed: Deployed) -> Iterator[str]:
    """Show which versions get how much, and how the last releases went."""
    name = deployed.physical_id("Quotes/Function")
    yield f"aws lambda get-alias --function-name {name} --name live"
    yield (
        "aws deploy list-deployments --application-name "
        f"{deployed.physical_id('Quotes/Deployment/Application')} "
        "--deployment-group-name "
        f"{deployed.physical_id('Quotes/Deployment/Group')}"
    )


DRIVER = Driver(
    stack="CanaryRelease",
    drive=drive,
    look=look,
    not_emulated="the emulator refuses the types of AWS::CodeDeploy",
)
