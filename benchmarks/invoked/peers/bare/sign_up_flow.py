"""What a user pool asks while somebody signs up and in: by boto3 alone."""

import logging
import os
from datetime import UTC, datetime
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
cognito = boto3.client("cognito-idp")
dynamodb = boto3.client("dynamodb")


def gate(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Refuse whose mail is not of a domain that may sign up."""
    if event["triggerSource"] == "PreSignUp_AdminCreateUser":
        return event
    domain = domain_of(event["request"]["userAttributes"].get("email", ""))
    if domain not in os.environ["ALLOWED_DOMAINS"].split(","):
        logger.warning("sign-up is refused")
        raise ValueError("please use your address at work")
    logger.info("sign-up may go on")
    return event


def domain_of(email: str) -> str:
    """Give the domain as it is compared, or nothing if there is no one address."""
    email = email.strip()
    name, _, domain = email.rpartition("@")
    one = name and "@" not in name and len(email.split()) == 1
    if not one or len(email) > 254:
        return ""
    try:
        return domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def welcome(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Give whoever has confirmed a profile, and make them a member."""
    if event["triggerSource"] != "PostConfirmation_ConfirmSignUp":
        return event
    attributes = event["request"]["userAttributes"]
    name, _, domain = attributes["email"].strip().rpartition("@")
    try:
        dynamodb.put_item(
            TableName=os.environ["PROFILES_TABLE"],
            Item={
                "user_id": {"S": attributes["sub"]},
                "email": {"S": f"{name}@{domain.lower()}"},
                "plan": {"S": "free"},
                "member_since": {"S": datetime.now(UTC).date().isoformat()},
            },
            ConditionExpression="attribute_not_exists(user_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("the profile is known")
    cognito.admin_add_user_to_group(
        UserPoolId=event["userPoolId"],
        Username=event["userName"],
        GroupName=os.environ["GROUP"],
    )
    logger.info("a member is welcome")
    return event


def claims(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Let tokens say what an API has to know of a member."""
    answer = dynamodb.get_item(
        TableName=os.environ["PROFILES_TABLE"],
        Key={"user_id": {"S": event["request"]["userAttributes"]["sub"]}},
        ProjectionExpression="#plan, #member_since",
        ExpressionAttributeNames={"#plan": "plan", "#member_since": "member_since"},
        ConsistentRead=True,
    )
    profile = {
        name: it["S"] for name, it in answer.get("Item", {}).items() if "S" in it
    }
    added = {"claimsToAddOrOverride": {"plan": "free"} | profile}
    event["response"]["claimsAndScopeOverrideDetails"] = {
        "idTokenGeneration": added,
        "accessTokenGeneration": added,
    }
    plan = added["claimsToAddOrOverride"]["plan"]
    logger.info("tokens have claims", extra={"plan": plan})
    return event
