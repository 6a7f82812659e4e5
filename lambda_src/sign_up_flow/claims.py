"""Let tokens say what an API has to know of a member."""

import logging
import os
from typing import Any

import boto3
from botocore.config import Config

PROFILES_TABLE = os.environ["PROFILES_TABLE"]
# What the profile says is ours; no attribute that a user may write gets into a token.
CLAIMS = {"plan": "free", "member_since": ""}

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.client(
    "dynamodb",
    config=Config(
        connect_timeout=0.5,
        read_timeout=1,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Add the claims of the profile; without one there is the least of each."""
    profile = profile_of(str(event["request"]["userAttributes"]["sub"]))
    claims = {name: profile.get(name, least) for name, least in CLAIMS.items()}
    added = {"claimsToAddOrOverride": {name: it for name, it in claims.items() if it}}
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "idTokenGeneration": added,
        "accessTokenGeneration": added,
    }
    logger.info("tokens have claims", extra={"plan": claims["plan"]})
    return event


def profile_of(user_id: str) -> dict[str, str]:
    """Read what the claims need; the write may be a moment ago."""
    names = {f"#{name}": name for name in CLAIMS}
    answer = dynamodb.get_item(
        TableName=PROFILES_TABLE,
        Key={"user_id": {"S": user_id}},
        ProjectionExpression=", ".join(names),
        ExpressionAttributeNames=names,
        ConsistentRead=True,
    )
    return {name: it["S"] for name, it in answer.get("Item", {}).items() if "S" in it}
