"""Read numbers, dates and bytes from the strings of policies and requests."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?)?)?"
)
_EPOCH = re.compile(r"-?\d+(\.\d+)?")


def number(text: str) -> Decimal:
    """Read an integer or decimal.

    Raises:
        ValueError: It is neither.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not value.is_finite():
        raise ValueError("is not a number")
    return value


def date(text: str) -> datetime:
    """Read one of the W3C's ISO 8601 forms, or seconds since 1970.

    Raises:
        ValueError: It is neither.
    """
    if match := _DATE.fullmatch(text):
        if "T" in text:
            return datetime.fromisoformat(text).astimezone(UTC)
        fields = (match["year"], match["month"] or 1, match["day"] or 1)
        year, month, day = (int(field) for field in fields)
        return datetime(year, month, day, tzinfo=UTC)
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    raise ValueError("is neither an ISO 8601 date nor seconds since 1970")


def binary(text: str) -> bytes:
    """Read base64.

    Raises:
        ValueError: It is not.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("is not base64") from None
