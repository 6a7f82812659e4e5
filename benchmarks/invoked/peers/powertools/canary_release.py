"""Quotes, and the test of a new version: as Powertools' documentation does it.

Its examples of a function URL's resolver with data validation, and of the data class of
CodeDeploy's hooks, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

import json
import os
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import (
    LambdaFunctionUrlResolver,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes import (
    CodeDeployLifecycleHookEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
app = LambdaFunctionUrlResolver(enable_validation=True)
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


@app.get("/quote")
def quote(
    zone: Literal["home", "europe", "world"],
    kg: Annotated[Decimal, Query(gt=0, le=31)],
) -> dict[str, str]:
    """Give the price of a parcel, and which version says so."""
    base, rate = RATES[zone]
    price = (base + rate * kg).quantize(Decimal("0.01"), ROUND_HALF_UP)
    logger.info("quoted", zone=zone, kg=str(kg))
    version = app.lambda_context.function_version
    return {"zone": zone, "price": str(price), "version": version}


@app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
def refuse(error: RequestValidationError) -> Response[str]:
    """Say what is wrong with a request."""
    place = ".".join(map(str, error.errors()[0]["loc"]))
    told = {"statusCode": 400, "message": f"{place}: {error.errors()[0]['msg']}"}
    return Response(400, content_types.APPLICATION_JSON, json.dumps(told))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.LAMBDA_FUNCTION_URL)
def quotes(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request to the function's URL."""
    return app.resolve(event, context)


@logger.inject_lambda_context
@event_source(data_class=CodeDeployLifecycleHookEvent)
def smoke(event: CodeDeployLifecycleHookEvent, context: LambdaContext) -> None:
    """Tell whether the new version is fit."""
    try:
        faults = [fault for each, wanted in PARCELS if (fault := tried(each, wanted))]
    except Exception as error:
        logger.exception("the new version could not be tried")
        faults = [repr(error)]
    logger.info("tried", faults=faults)
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event.deployment_id,
        lifecycleEventHookExecutionId=event.lifecycle_event_hook_execution_id,
        status="Failed" if faults else "Succeeded",
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
