"""An order taken once behind an HTTP or a REST API: as Powertools' documentation does.

Its examples of data validation in a resolver, of a router and of a middleware, with its
Logger; of its routes only the one that is measured.
https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/
"""

import os
import uuid
from decimal import Decimal
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    Response,
)
from aws_lambda_powertools.event_handler.api_gateway import (
    ApiGatewayResolver,
    Router,
)
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Header, Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, BaseModel, Field

logger = Logger()
router = Router()  # type: ignore[no-untyped-call]
http = APIGatewayHttpResolver(enable_validation=True)
rest = APIGatewayRestResolver(enable_validation=True)
table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
KEYS = uuid.UUID("6f4a7b52-5d0e-4f0b-9d53-0f5f6e3c1a77")

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=10, decimal_places=2),
    AfterValidator(lambda price: price.quantize(Decimal("0.01"))),
]


class Line(BaseModel, extra="forbid"):
    """One line of an order."""

    sku: Id
    quantity: Annotated[int, Field(ge=1, le=1_000)]
    unit_price: Price


class Order(BaseModel, extra="forbid"):
    """What a customer buys."""

    items: Annotated[list[Line], Field(min_length=1, max_length=100)]


class Taken(Order):
    """An order that was taken."""

    customer_id: str
    order_id: str
    total: Decimal


@router.post("/customers/<customer_id>/orders")
def create(
    customer_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")],
    order: Order,
    idempotency_key: Annotated[str, Header(pattern=r"^[A-Za-z0-9._-]{8,64}$")],
) -> tuple[Taken, int]:
    """Take an order."""
    taken = Taken(
        customer_id=customer_id,
        order_id=str(uuid.uuid5(KEYS, f"{customer_id}/{idempotency_key}")),
        total=sum((it.quantity * it.unit_price for it in order.items), Decimal()),
        items=order.items,
    )
    try:
        table.put_item(
            Item=taken.model_dump(),
            ConditionExpression="attribute_not_exists(order_id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException as error:
        existing: Any = error.response
        if Taken.model_validate(existing["Item"]) != taken:
            fault = "Idempotency-Key was used for another order"
            raise ServiceError(409, fault) from None
        logger.info("order was taken before", order_id=taken.order_id)
        return taken, 200
    logger.info("order is taken", order_id=taken.order_id)
    return taken, 201


def add_headers(
    app: ApiGatewayResolver, next_middleware: NextMiddleware
) -> Response[Any]:
    """Name the request in its answer."""
    response = next_middleware(app)
    response.headers["Cache-Control"] = "no-store"
    about = app.current_event["requestContext"]
    response.headers["X-Request-Id"] = about["requestId"]
    return response


for app in (http, rest):
    app.use(middlewares=[add_headers])
    app.include_router(router)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def http_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer for the HTTP API."""
    return http.resolve(event, context)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
def rest_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer for the REST API."""
    return rest.resolve(event, context)
