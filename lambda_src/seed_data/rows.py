"""The rows of a table that a stack has seeded, told from those of everyone else."""

import os
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

TABLE = os.environ["TABLE"]
# Two attempts of a call, and the answer to CloudFormation.
TIME_FOR_A_ROW_MS = 10_000

Row = dict[str, str]

dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=1,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)
MINE_OR_FREE = "attribute_not_exists(#zone) OR seeded_by = :owner"
MINE = "seeded_by = :owner"


def settle(
    owner: str, old: object, new: object, remaining_ms: Callable[[], int]
) -> None:
    """Remove the *old* rows that are not *new*, and put the new; twice is as once."""
    wanted = {row["zone"]: row for row in checked(new)}
    for zone in zones_of(old) - wanted.keys():
        check_time(remaining_ms)
        remove(zone, owner)
    for row in wanted.values():
        check_time(remaining_ms)
        put(row, owner)


def checked(rows: object) -> list[Row]:
    """Read rows as CloudFormation sends them: all values are text.

    Raises:
        ValueError: They are something else.
    """
    if not isinstance(rows, list):
        raise ValueError("Rows must be a list")
    for number, row in enumerate(rows):
        named = isinstance(row, dict) and row.get("zone")
        if not named or not all(isinstance(each, str) for each in row.values()):
            raise ValueError(f"row {number} must be texts, with a zone")
        if "seeded_by" in row:
            raise ValueError(f"row {number} must not say seeded_by")
    return rows


def zones_of(rows: object) -> set[str]:
    """Read what may have been seeded; what was refused then has to be removable now."""
    zones = {
        row.get("zone")
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    }
    return {zone for zone in zones if isinstance(zone, str) and zone}


def check_time(remaining_ms: Callable[[], int]) -> None:
    """Give up while there is time to say so.

    Raises:
        TimeoutError: Too little is left.
    """
    if remaining_ms() < TIME_FOR_A_ROW_MS:
        raise TimeoutError("too little time is left for all rows; seed fewer")


def put(row: Row, owner: str) -> None:
    """Put a row, unless someone else has one in its place.

    Raises:
        ValueError: Someone else has.
    """
    item: dict[str, Any] = {name: {"S": value} for name, value in row.items()}
    try:
        dynamodb.put_item(
            TableName=TABLE,
            Item={**item, "seeded_by": {"S": owner}},
            ConditionExpression=MINE_OR_FREE,
            ExpressionAttributeNames={"#zone": "zone"},  # a reserved word
            ExpressionAttributeValues={":owner": {"S": owner}},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        raise ValueError(f"zone {row['zone']!r} is not from this stack") from None


def remove(zone: str, owner: str) -> None:
    """Remove a row, unless it has become someone else's or is gone."""
    try:
        dynamodb.delete_item(
            TableName=TABLE,
            Key={"zone": {"S": zone}},
            ConditionExpression=MINE,
            ExpressionAttributeValues={":owner": {"S": owner}},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return
