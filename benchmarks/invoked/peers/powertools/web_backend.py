"""The items of a catalogue, behind a load balancer: as Powertools' documentation does.

Its examples of ALBResolver, of data validation in a resolver, of fine-grained answers
and of a middleware, with its Logger; of its routes only the one that is measured.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

import hashlib
import json
import os
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import ALBResolver, Response, content_types
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer

logger = Logger()
app = ALBResolver(enable_validation=True, decode_query_parameters=True)
dynamodb = boto3.client("dynamodb")
deserialize = TypeDeserializer().deserialize
ID = r"^[A-Za-z0-9._-]{1,64}$"
TRACE_ID = 'multiValueHeaders."x-amzn-trace-id"[0]'
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


@app.route("/items", method=["GET", "HEAD"])
def items(
    category: Annotated[str, Query(pattern=ID)],
    after: Annotated[str | None, Query(pattern=ID)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response[str]:
    """List a category, page by page in the order of ids."""
    page: dict[str, Any] = {}
    if after:
        start = {"category": {"S": category}, "item_id": {"S": after}}
        page["ExclusiveStartKey"] = start
    found = dynamodb.query(
        TableName=os.environ["ITEMS_TABLE"],
        IndexName=os.environ["ITEMS_INDEX"],
        KeyConditionExpression="category = :category",
        ExpressionAttributeValues={":category": {"S": category}},
        Limit=limit,
        **page,
    )
    headers: dict[str, str | list[str]] = {"Cache-Control": "public, max-age=60"}
    following = None
    if last := found.get("LastEvaluatedKey"):
        start_after = last["item_id"]["S"]
        following = f"/items?category={category}&limit={limit}&after={start_after}"
        headers["Link"] = f'<{following}>; rel="next"'
    listed = [deserialize({"M": each}) for each in found["Items"]]
    body = json.dumps(
        {"items": listed, "next": following},
        ensure_ascii=False,
        separators=(",", ":"),
        default=as_text,
    )
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers["ETag"] = tag
    known = ",".join(app.current_event.resolved_headers_field.get("if-none-match", []))
    if tag in known.replace("W/", "").replace(" ", "").split(","):
        return Response(HTTPStatus.NOT_MODIFIED.value, None, "", headers)
    return Response(HTTPStatus.OK.value, content_types.APPLICATION_JSON, body, headers)


def as_text(value: object) -> str:
    """Keep a price exact."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def finish(app: ALBResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Give every answer its headers, and log it."""
    response = next_middleware(app)
    response.headers.update({**SECURITY_HEADERS, **response.headers})
    response.headers["X-Request-Id"] = app.lambda_context.aws_request_id
    event = app.current_event
    if event.http_method == "HEAD":
        response.body = ""
    logger.info(
        "request is answered",
        method=event.http_method,
        path=event.path[:200],
        status=response.status_code,
    )
    return response


app.use(middlewares=[finish])


@logger.inject_lambda_context(correlation_id_path=TRACE_ID)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return app.resolve(event, context)
