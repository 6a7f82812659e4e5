"""Take, show and list the orders of a customer, behind an HTTP or a REST API."""

import base64
import binascii
import json
import os
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    Response,
)
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.exceptions import (
    BadRequestError,
    NotFoundError,
    ServiceError,
)
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

ORDERS_TABLE = os.environ["ORDERS_TABLE"]
KEYS = uuid.UUID("6f4a7b52-5d0e-4f0b-9d53-0f5f6e3c1a77")
"""The namespace of order ids; another one would forget every key that was used."""

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s, well before the function's timeout.
dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=1,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)

T = TypeVar("T")
App = TypeVar("App", bound=ApiGatewayResolver)
Item = dict[str, Any]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=10, decimal_places=2),
    AfterValidator(lambda price: price.quantize(Decimal("0.01"))),  # 9.9 is 9.90
]

ID: TypeAdapter[str] = TypeAdapter(Id)
KEY: TypeAdapter[str] = TypeAdapter(
    Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{8,64}$")]
)
LIMIT: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=100)])


class Line(BaseModel, extra="forbid", strict=True):
    """One line of an order."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    unit_price: Price


class Order(BaseModel, extra="forbid", strict=True):
    """What a customer buys; every valid order fits into a DynamoDB item."""

    items: Annotated[list[Line], Field(min_length=1, max_length=100)]


def create(event: BaseProxyEvent, customer_id: str) -> Response[str]:
    """Take an order once, however often, and however concurrently, it is sent."""
    customer = checked(ID, customer_id, "customer_id")
    key = checked(KEY, event.headers.get("idempotency-key"), "Idempotency-Key")
    order = parse(body(event))
    wanted = {
        "customer_id": customer,
        # The same key makes the same id, so that the table itself decides who is first.
        "order_id": str(uuid.uuid5(KEYS, f"{customer}/{key}")),
        "total": sum(
            (line.quantity * line.unit_price for line in order.items), Decimal()
        ),
        **order.model_dump(),
    }
    stored = put(wanted)
    if stored is None:
        logger.info("order is taken", extra={"order_id": wanted["order_id"]})
        return answer(201, wanted)
    if stored != wanted:
        raise ServiceError(409, "Idempotency-Key was used for another order")
    logger.info("order was taken before", extra={"order_id": wanted["order_id"]})
    return answer(200, stored)


def show(_event: BaseProxyEvent, customer_id: str, order_id: str) -> Response[str]:
    """Show one order of a customer; those of others are not there."""
    found = dynamodb.get_item(
        TableName=ORDERS_TABLE,
        Key=as_attributes(
            {
                "customer_id": checked(ID, customer_id, "customer_id"),
                "order_id": checked(ID, order_id, "order_id"),
            }
        ),
        ConsistentRead=True,
    )
    if "Item" not in found:
        raise NotFoundError("no such order")
    return answer(200, as_item(found["Item"]))


def list_page(event: BaseProxyEvent, customer_id: str) -> Response[str]:
    """List orders of a customer by their ids, a page at a time."""
    customer = checked(ID, customer_id, "customer_id")
    query = event.query_string_parameters or {}
    limit = checked(LIMIT, query.get("limit", "20"), "limit")
    options: dict[str, Any] = {}
    if "next" in query:
        # The customer is that of the path: no token leads into another's orders.
        start = {"customer_id": customer, "order_id": unsealed(query["next"])}
        options["ExclusiveStartKey"] = as_attributes(start)
    page = dynamodb.query(
        TableName=ORDERS_TABLE,
        KeyConditionExpression="customer_id = :customer",
        ExpressionAttributeValues=as_attributes({":customer": customer}),
        Limit=limit,
        **options,
    )
    orders = {"orders": [as_item(each) for each in page["Items"]]}
    last = page.get("LastEvaluatedKey")
    return answer(200, orders | ({"next": sealed(as_item(last))} if last else {}))


def put(wanted: Item) -> Item | None:
    """Put an order, unless there is one of that id: then give that."""
    try:
        dynamodb.put_item(
            TableName=ORDERS_TABLE,
            Item=as_attributes(wanted),
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response.get("Item", {})
        return as_item(existing)
    return None


def body(event: BaseProxyEvent) -> str:
    """Give the text of the request."""
    try:
        return event.decoded_body or ""
    except (UnicodeDecodeError, binascii.Error):
        raise BadRequestError("the body is not text") from None


def parse(text: str) -> Order:
    """Read an order; name the first fault without quoting what the client sent."""
    try:
        return Order.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        if fault["type"] == "json_invalid":
            raise BadRequestError("the body is not JSON") from None
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ServiceError(422, f"not an order: {fault['type']} at '{place}'") from None


def checked(kind: TypeAdapter[T], value: str | None, name: str) -> T:
    """Check a part of the request that is not its body."""
    try:
        return kind.validate_python(value)
    except ValidationError:
        raise BadRequestError(f"{name} is missing or malformed") from None


def sealed(last: Item) -> str:
    """Make a token of where a page ends; what is in it is nobody's business."""
    return base64.urlsafe_b64encode(str(last["order_id"]).encode()).decode()


def unsealed(token: str) -> str:
    """Read a token that `sealed` made."""
    try:
        order_id = base64.urlsafe_b64decode(token).decode()
    except (UnicodeDecodeError, ValueError):
        raise BadRequestError("next is missing or malformed") from None
    return checked(ID, order_id, "next")


def as_attributes(item: Item) -> dict[str, Any]:
    """Write an item as DynamoDB does."""
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def as_item(attributes: dict[str, Any]) -> Item:
    """Read an item as DynamoDB writes it."""
    return {
        name: TypeDeserializer().deserialize(value)
        for name, value in attributes.items()
    }


def answer(status: int, content: Item) -> Response[str]:
    """Answer in JSON, prices as text."""
    text = json.dumps(content, default=as_json)
    return Response(status, "application/json", text)


def as_json(value: object) -> object:
    """Give a number without a fraction as such, and a price as text."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value) if value.as_tuple().exponent == 0 else str(value)
    return str(value)


def finish(
    app: ApiGatewayResolver, following: Callable[[ApiGatewayResolver], Response[str]]
) -> Response[str]:
    """Answer faults of the client as such, and name the request in every answer."""
    try:
        response = following(app)
    except ServiceError as error:
        logger.info("request is refused", extra={"fault": error.msg})
        response = answer(error.status_code, {"message": error.msg})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Request-Id"] = app.current_event["requestContext"]["requestId"]
    return response


def resolver(app: App) -> App:
    """Give *app* the routes, and the end that every answer has."""
    customer = "/customers/<customer_id>/orders"
    app.get(customer)(of(app, list_page))
    app.post(customer)(of(app, create))
    app.get(f"{customer}/<order_id>")(of(app, show))
    app.use([finish])
    return app


def of(app: App, route: Callable[..., Response[str]]) -> Callable[..., Response[str]]:
    """Have *app* pass the event that it resolves."""

    def pass_event(**path: str) -> Response[str]:
        return route(app.current_event, **path)

    return pass_event


http = resolver(APIGatewayHttpResolver())
rest = resolver(APIGatewayRestResolver())


@logger.inject_lambda_context(
    clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_HTTP
)
def http_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer for the HTTP API."""
    return http.resolve(event, context)


@logger.inject_lambda_context(
    clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST
)
def rest_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer for the REST API."""
    return rest.resolve(event, context)
