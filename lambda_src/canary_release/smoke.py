"""Try a new version of the quotes before any customer does, and tell CodeDeploy."""

import json
import os
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

PARCELS: Final = [
    ({"zone": "home", "kg": "1"}, 200),
    ({"zone": "world", "kg": "31"}, 200),
    ({"zone": "moon", "kg": "1"}, 400),
    ({"zone": "home", "kg": "-1"}, 400),
]
"""What is asked, and with what it must be answered."""

NEW_VERSION = os.environ["NEW_VERSION"]

logger = Logger(use_rfc3339=True, utc=True)
config = Config(
    connect_timeout=2,
    read_timeout=6,
    retries={"mode": "standard", "total_max_attempts": 2},
)
functions = boto3.client("lambda", config=config)
codedeploy = boto3.client("codedeploy", config=config)


@logger.inject_lambda_context(clear_state=True)
def handler(event: Mapping[str, str], context: LambdaContext) -> None:
    """Tell whether the new version is fit; whatever goes wrong, it is not."""
    logger.set_correlation_id(event["DeploymentId"])
    logger.append_keys(version=NEW_VERSION)
    try:
        faults = list(faults_of_new_version())
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


def faults_of_new_version() -> Iterator[str]:
    """Ask for each parcel; give what is wrong with the answers."""
    for parcel, wanted in PARCELS:
        answer = functions.invoke(
            FunctionName=NEW_VERSION, Payload=json.dumps(request(parcel))
        )
        payload = json.load(answer["Payload"])
        if "FunctionError" in answer:
            yield f"{parcel}: {payload}"
        elif payload["statusCode"] != wanted:
            yield f"{parcel}: {payload['statusCode']} instead of {wanted}"
        elif wanted == 200 and not is_price(json.loads(payload["body"])):
            yield f"{parcel}: {payload['body']}"


def is_price(quote: Mapping[str, Any]) -> bool:
    """Tell whether a customer could pay it."""
    try:
        price = Decimal(quote["price"])
    except (KeyError, InvalidOperation, TypeError):
        return False
    return price.is_finite() and price > 0


def request(parcel: Mapping[str, str]) -> dict[str, Any]:
    """Make the event of a request to the function's URL.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
    """
    return {
        "version": "2.0",
        "rawPath": "/quote",
        "queryStringParameters": dict(parcel),
        "headers": {},
        "requestContext": {
            "requestId": "smoke-test",
            "stage": "$default",
            "http": {"method": "GET", "path": "/quote"},
        },
        "isBase64Encoded": False,
    }
