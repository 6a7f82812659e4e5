"""Quote what it costs to send a parcel."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

CENT: Final = Decimal("0.01")
HEAVIEST: Final = Decimal(31)
RATES: Final = {
    "home": (Decimal("4.00"), Decimal("0.50")),
    "europe": (Decimal("9.00"), Decimal("1.25")),
    "world": (Decimal("19.00"), Decimal("6.80")),
}
"""For each zone the price of a parcel, and of each kilogram."""

logger = Logger(use_rfc3339=True, utc=True)
app = LambdaFunctionUrlResolver()


@logger.inject_lambda_context(
    correlation_id_path=correlation_paths.LAMBDA_FUNCTION_URL, clear_state=True
)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request to the function's URL."""
    return app.resolve(event, context)


@app.get("/quote")
def quote() -> dict[str, str]:
    """Give the price of a parcel, and which version says so."""
    zone = app.current_event.query_string_parameters.get("zone", "")
    if zone not in RATES:
        raise BadRequestError(f"zone must be one of {', '.join(RATES)}")
    weight = kilograms(app.current_event.query_string_parameters.get("kg", ""))
    base, rate = RATES[zone]
    price = (base + rate * weight).quantize(CENT, ROUND_HALF_UP)
    logger.info("quoted", extra={"zone": zone, "kg": str(weight)})
    return {
        "zone": zone,
        "price": str(price),
        "version": app.lambda_context.function_version,
    }


def kilograms(text: str) -> Decimal:
    """Read a weight that can be carried."""
    try:
        weight = Decimal(text)
    except InvalidOperation:
        raise BadRequestError("kg must be a number") from None
    if not (weight.is_finite() and 0 < weight <= HEAVIEST):
        raise BadRequestError(f"kg must be above 0 and at most {HEAVIEST}")
    return weight
