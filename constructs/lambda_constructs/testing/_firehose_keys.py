"""Where Firehose puts objects: prefixes and their expressions.

https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from lambda_constructs.testing.errors import UnmodelledError

EXPRESSION = re.compile(r"!\{([a-zA-Z]+):([^}]*)\}")
PARTITION = "partitionKeyFromLambda"
JAVA = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def prefix_of(
    prefix: str, now: float, partitions: Mapping[str, str], failure: str | None = None
) -> str:
    """Give a prefix, its expressions evaluated, with the time if it names none.

    Raises:
        UnmodelledError: An expression is not modelled.
        KeyError: A record lacks a partition key.
    """
    at = datetime.fromtimestamp(now, UTC)

    def evaluate(found: re.Match[str]) -> str:
        space, value = found.groups()
        if space == "timestamp":
            return _formatted(value, at)
        if space == PARTITION:
            return partitions[value]
        if (space, value) == ("firehose", "error-output-type") and failure:
            return failure
        raise UnmodelledError(f"{found[0]} in a prefix of Firehose is not modelled")

    if EXPRESSION.search(prefix):
        return EXPRESSION.sub(evaluate, prefix)
    middle = f"{failure}/" if failure else ""
    return f"{prefix}{middle}{at:%Y/%m/%d/%H}/"


def _formatted(pattern: str, at: datetime) -> str:
    for java, python in JAVA.items():
        pattern = re.sub(rf"(?<!%){java}", python, pattern)
    return at.strftime(pattern)
