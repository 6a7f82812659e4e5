"""The quotes of a function's URL, and the test of a new version: by boto3 alone."""

import json
import logging
import os
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
functions = boto3.client("lambda")
codedeploy = boto3.client("codedeploy")
RATES = {
    "home": (Decimal("4.00"), Decimal("0.50")),
    "europe": (Decimal("9.00"), Decimal("1.25")),
    "world": (Decimal("19.00"), Decimal("6.80")),
}
PARCELS = (
    ({"zone": "home", "kg": "1"}, 200),
    ({"zone": "world", "kg": "31"}, 200),
    ({"zone": "moon", "kg": "1"}, 400),
    ({"zone": "home", "kg": "-1"}, 400),
)


def quotes(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request to the function's URL with the price of a parcel."""
    if event["rawPath"] != "/quote":
        return answer(404, {"statusCode": 404, "message": "Not found"})
    asked = event.get("queryStringParameters") or {}
    zone = asked.get("zone", "")
    try:
        weight = Decimal(asked.get("kg", ""))
    except InvalidOperation:
        return refusal("kg must be a number")
    if zone not in RATES:
        return refusal(f"zone must be one of {', '.join(RATES)}")
    if not (weight.is_finite() and 0 < weight <= 31):
        return refusal("kg must be above 0 and at most 31")
    base, rate = RATES[zone]
    price = (base + rate * weight).quantize(Decimal("0.01"), ROUND_HALF_UP)
    logger.info("quoted", extra={"zone": zone, "kg": str(weight)})
    version = context.function_version
    return answer(200, {"zone": zone, "price": str(price), "version": version})


def refusal(message: str) -> dict[str, Any]:
    """Say what is wrong with a request."""
    return answer(400, {"statusCode": 400, "message": message})


def answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    """Answer in JSON."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(content),
        "isBase64Encoded": False,
    }


def smoke(event: dict[str, str], context: Any) -> None:
    """Tell whether the new version is fit."""
    try:
        faults = [fault for each, wanted in PARCELS if (fault := tried(each, wanted))]
    except Exception as error:
        logger.exception("the new version could not be tried")
        faults = [repr(error)]
    status = "Failed" if faults else "Succeeded"
    logger.info("tried", extra={"status": status, "faults": faults})
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )


def tried(parcel: dict[str, str], wanted: int) -> str:
    """Ask for a parcel; say what is wrong with the answer, if anything is."""
    request = {
        "version": "2.0",
        "rawPath": "/quote",
        "queryStringParameters": parcel,
        "headers": {},
        "requestContext": {
            "requestId": "smoke-test",
            "stage": "$default",
            "http": {"method": "GET", "path": "/quote"},
        },
        "isBase64Encoded": False,
    }
    made = functions.invoke(
        FunctionName=os.environ["NEW_VERSION"], Payload=json.dumps(request)
    )
    payload = json.load(made["Payload"])
    if "FunctionError" in made or payload["statusCode"] != wanted:
        return f"{parcel}: {payload}"
    if wanted == 200 and not Decimal(json.loads(payload["body"])["price"]) > 0:
        return f"{parcel}: {payload['body']}"
    return ""
