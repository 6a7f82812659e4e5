"""Answer requests for the items of a catalogue, which a load balancer passes on."""

import hashlib
import json
import os
import re
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import ALBResolver, Response
from aws_lambda_powertools.event_handler.exceptions import (
    NotFoundError,
    ResponseSizeExceededError,
    ServiceError,
)
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError, field_validator

ITEMS_TABLE = os.environ["ITEMS_TABLE"]
ITEMS_INDEX = os.environ["ITEMS_INDEX"]
IMAGES_BUCKET = os.environ["IMAGES_BUCKET"]

# The answer as JSON may have 1 MB, and Base64 makes four bytes of three.
IMAGE_BYTES = 700_000
IMAGE_TYPES = {"image/jpeg", "image/png", "image/webp"}
IMAGE_LINK_SECONDS = 60
PUBLIC = {"Cache-Control": ["public, max-age=60"]}
VIEWED = "viewed"
VIEWED_ITEMS = 5

# What a browser is told of each answer; none of them is a page.
SECURITY_HEADERS = {
    "Cache-Control": ["no-store"],
    "Content-Security-Policy": ["default-src 'none'; frame-ancestors 'none'"],
    "Cross-Origin-Resource-Policy": ["same-site"],
    "Referrer-Policy": ["no-referrer"],
    "Strict-Transport-Security": ["max-age=63072000; includeSubDomains"],
    "X-Content-Type-Options": ["nosniff"],
}

TRACE_ID = 'multiValueHeaders."x-amzn-trace-id"[0]'
"""Of the load balancer, whose access logs have it too."""

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# The client waits: a call that hangs gives up after 3 s.
config = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=config)
s3 = boto3.client("s3", config=config.merge(Config(signature_version="s3v4")))
app = ALBResolver(decode_query_parameters=True, enable_response_size_validation=True)

Body = TypeVar("Body", str, bytes)
ID = r"^[A-Za-z0-9._-]{1,64}$"
Id = Annotated[str, Field(pattern=ID)]
READ = ["GET", "HEAD"]


class Listing(BaseModel, extra="forbid"):
    """What a request for items asks for."""

    category: Id
    after: Id | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    @field_validator("*", mode="before")
    @classmethod
    def once(cls, values: object) -> object:
        """Take the value of a parameter, which comes as a list; there may be one."""
        if isinstance(values, list) and len(values) == 1:
            return values[0]
        raise ValueError("must be given once")


class ItemPath(BaseModel):
    """What an item's path says."""

    item_id: Id


@logger.inject_lambda_context(clear_state=True, correlation_id_path=TRACE_ID)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request; the same id is in the answer, in the logs and in the trace."""
    answer = app.resolve(event, context)
    headers = answer["multiValueHeaders"]
    for name, values in SECURITY_HEADERS.items():
        headers.setdefault(name, values)
    headers["X-Request-Id"] = [context.aws_request_id]
    if event["httpMethod"] == "HEAD":
        answer |= {"body": "", "isBase64Encoded": False}
    # The path alone: queries and cookies say more of a person.
    logger.info(
        "request is answered",
        extra={
            "method": event["httpMethod"],
            "path": event["path"][:200],
            "status": answer["statusCode"],
        },
    )
    return answer


@app.route("/items", method=READ)
def items() -> Response[str]:
    """List a category, page by page in the order of ids."""
    asked = Listing.model_validate(app.current_event.resolved_query_string_parameters)
    key: dict[str, Any] = {"category": {"S": asked.category}}
    page: dict[str, Any] = {}
    if asked.after:
        page["ExclusiveStartKey"] = key | {"item_id": {"S": asked.after}}
    found = dynamodb.query(
        TableName=ITEMS_TABLE,
        IndexName=ITEMS_INDEX,
        KeyConditionExpression="category = :category",
        ExpressionAttributeValues={":category": key["category"]},
        Limit=asked.limit,
        **page,
    )
    headers = dict(PUBLIC)
    following = None
    if last := found.get("LastEvaluatedKey"):
        following = (
            f"/items?category={asked.category}&limit={asked.limit}"
            f"&after={last['item_id']['S']}"
        )
        headers["Link"] = [f'<{following}>; rel="next"']
    body = {"items": [plain(each) for each in found["Items"]], "next": following}
    return as_json(body, headers)


@app.route("/items/<item_id>", method=READ)
def item(item_id: str) -> Response[str]:
    """Give one item, and let the browser remember that it was seen."""
    found = dynamodb.get_item(TableName=ITEMS_TABLE, Key=key_of(item_id))
    if "Item" not in found:
        raise NotFoundError("there is no such item")
    answer = as_json(plain(found["Item"]), {"Cache-Control": ["private, no-cache"]})
    answer.cookies = [
        cookie(VIEWED, "|".join(seen(item_id))),
        cookie("last_category", str(found["Item"]["category"]["S"])),
    ]
    return answer


@app.route("/items/<item_id>/image", method=READ)
def image(item_id: str) -> Response[bytes]:
    """Give the image of an item: itself, or where it is if it is too large for that."""
    place: dict[str, Any] = {
        "Bucket": IMAGES_BUCKET,
        "Key": f"images/{ItemPath(item_id=item_id).item_id}",
    }
    try:
        found = s3.get_object(**place)
    except s3.exceptions.NoSuchKey:
        raise NotFoundError("there is no image of this item") from None
    if found["ContentLength"] > IMAGE_BYTES:
        found["Body"].close()
        link = s3.generate_presigned_url(
            "get_object", Params=place, ExpiresIn=IMAGE_LINK_SECONDS
        )
        return Response(HTTPStatus.SEE_OTHER.value, None, b"", {"Location": [link]})
    kind = found["ContentType"]
    return cached(
        found["Body"].read(),
        kind if kind in IMAGE_TYPES else "application/octet-stream",
        PUBLIC,
    )


def unprocessable(error: ValidationError) -> Response[str]:
    """Name the first fault of a request without quoting what was sent."""
    fault = error.errors(include_input=False)[0]
    place = ".".join(map(str, fault["loc"]))[:80]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {fault['type']}")


@app.not_found
def not_found(error: NotFoundError) -> Response[str]:
    """Tell a path that is unknown from a method that is, and from an item."""
    known = app.current_event.path.rstrip("/").split("/")
    is_path = len(known) < 4 or (len(known) == 4 and known[3] == "image")
    if is_path and app.current_event.http_method not in READ:
        allow = {"Allow": [", ".join(READ)]}
        return problem(HTTPStatus.METHOD_NOT_ALLOWED, "items can be read", allow)
    return problem(HTTPStatus.NOT_FOUND, str(error.msg))


def refused(error: ServiceError) -> Response[str]:
    """Answer what Powertools itself refuses."""
    return problem(HTTPStatus(error.status_code), str(error.msg))


def too_large(error: ResponseSizeExceededError) -> Response[str]:
    """Say so, where the load balancer would answer 502 and give no id."""
    logger.error("answer is too large", extra={"bytes": error.actual_size})
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "the answer is too large; lower limit"
    )


def failed(_error: Exception) -> Response[str]:
    """Say nothing but the id by which the error is found in the logs.

    Lambda counts it as a success: alarm on the target group's 5XX responses.
    """
    logger.exception("request failed")
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "it is not your fault")


# By call: as decorators, which are not typed, they would take the functions' types.
app.exception_handler(ValidationError)(unprocessable)
app.exception_handler(ServiceError)(refused)
app.exception_handler(ResponseSizeExceededError)(too_large)
app.exception_handler(Exception)(failed)


def problem(
    status: HTTPStatus, detail: str, headers: dict[str, Any] | None = None
) -> Response[str]:
    """Give an error in the form of RFC 9457."""
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "request_id": app.lambda_context.aws_request_id,
    }
    kind = "application/problem+json"
    return Response(status.value, kind, json.dumps(body), headers)


def as_json(body: dict[str, Any], headers: dict[str, Any]) -> Response[str]:
    """Answer with JSON; text that is not ASCII stays as short as it is."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return cached(text, "application/json", headers)


def cached(body: Body, kind: str, headers: dict[str, Any]) -> Response[Body]:
    """Answer with a body, unless the client says that it has this one already."""
    raw = body.encode() if isinstance(body, str) else body
    tag = f'"{hashlib.sha256(raw).hexdigest()[:32]}"'
    headers = {**headers, "ETag": [tag]}
    known = app.current_event.resolved_headers_field.get("if-none-match", [])
    if tag in ",".join(known).replace("W/", "").replace(" ", "").split(","):
        return Response(HTTPStatus.NOT_MODIFIED.value, None, type(body)(), headers)
    return Response(HTTPStatus.OK.value, kind, body, headers)


def key_of(item_id: str) -> dict[str, Any]:
    """Give the key of an item, if that can be one."""
    return {"item_id": {"S": ItemPath(item_id=item_id).item_id}}


def seen(item_id: str) -> list[str]:
    """Give the last items that the browser showed, this one first."""
    sent = ";".join(app.current_event.resolved_headers_field.get("cookie", []))
    pairs = dict(
        each.strip().partition("=")[::2] for each in sent.split(";") if "=" in each
    )
    before = [each for each in pairs.get(VIEWED, "").split("|") if each != item_id]
    return [item_id, *(it for it in before if re.fullmatch(ID, it))][:VIEWED_ITEMS]


def cookie(name: str, value: str) -> Cookie:
    """Make a cookie that no script and no other site sees."""
    return Cookie(
        name,
        value,
        path="/items",
        max_age=30 * 24 * 60 * 60,
        http_only=True,
        same_site=SameSite.LAX_MODE,
    )


def plain(stored: dict[str, Any]) -> dict[str, Any]:
    """Give an item as JSON has it; prices stay exact as text."""
    found = TypeDeserializer().deserialize({"M": stored})
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in found.items()
    }
