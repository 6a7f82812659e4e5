"""Give whoever has confirmed a profile, and make them a member."""

import logging
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

GROUP = os.environ["GROUP"]
PROFILES_TABLE = os.environ["PROFILES_TABLE"]

logger = logging.getLogger()
logger.setLevel(logging.INFO)
# Cognito waits 5 seconds for the whole of it, and may then come again.
config = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)
cognito = boto3.client("cognito-idp", config=config)
dynamodb = boto3.client("dynamodb", config=config)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Do both once, however often Cognito asks."""
    if event["triggerSource"] != "PostConfirmation_ConfirmSignUp":
        return event  # a new password, of somebody that we know
    attributes = event["request"]["userAttributes"]
    keep_profile(str(attributes["sub"]), str(attributes["email"]))
    # From the event: an environment that named the pool would be a circle.
    cognito.admin_add_user_to_group(
        UserPoolId=event["userPoolId"], Username=event["userName"], GroupName=GROUP
    )
    logger.info("a member is welcome")
    return event


def keep_profile(user_id: str, email: str) -> None:
    """Store a profile, unless there is one: it may have changed since."""
    name, _, domain = email.strip().rpartition("@")
    item = {
        "user_id": user_id,
        "email": f"{name}@{domain.lower()}",
        "plan": "free",
        "member_since": datetime.now(UTC).date().isoformat(),
    }
    try:
        dynamodb.put_item(
            TableName=PROFILES_TABLE,
            Item={key: {"S": value} for key, value in item.items()},
            ConditionExpression="attribute_not_exists(user_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("the profile is known")
