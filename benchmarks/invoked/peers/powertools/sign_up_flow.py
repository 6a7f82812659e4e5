"""What a user pool asks of functions: as Powertools' documentation does it.

Its examples of Cognito's data classes, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import os
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import event_source
from aws_lambda_powertools.utilities.data_classes.cognito_user_pool_event import (
    PostConfirmationTriggerEvent,
    PreSignUpTriggerEvent,
    PreTokenGenerationV2TriggerEvent,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
cognito = boto3.client("cognito-idp")
dynamodb = boto3.client("dynamodb")


@logger.inject_lambda_context
@event_source(data_class=PreSignUpTriggerEvent)
def gate(event: PreSignUpTriggerEvent, context: LambdaContext) -> dict[str, Any]:
    """Refuse whose mail is not of a domain that may sign up."""
    if event.trigger_source == "PreSignUp_AdminCreateUser":
        return event.raw_event
    domain = domain_of(event.request.user_attributes.get("email", ""))
    if domain not in os.environ["ALLOWED_DOMAINS"].split(","):
        logger.warning("sign-up is refused")
        raise ValueError("please use your address at work")
    logger.info("sign-up may go on")
    return event.raw_event


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


@logger.inject_lambda_context
@event_source(data_class=PostConfirmationTriggerEvent)
def welcome(
    event: PostConfirmationTriggerEvent, context: LambdaContext
) -> dict[str, Any]:
    """Give whoever has confirmed a profile, and make them a member."""
    if event.trigger_source != "PostConfirmation_ConfirmSignUp":
        return event.raw_event
    attributes = event.request.user_attributes
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
        UserPoolId=event.user_pool_id,
        Username=event.user_name,
        GroupName=os.environ["GROUP"],
    )
    logger.info("a member is welcome")
    return event.raw_event


@logger.inject_lambda_context
@event_source(data_class=PreTokenGenerationV2TriggerEvent)
def claims(
    event: PreTokenGenerationV2TriggerEvent, context: LambdaContext
) -> dict[str, Any]:
    """Let tokens say what an API has to know of a member."""
    answer = dynamodb.get_item(
        TableName=os.environ["PROFILES_TABLE"],
        Key={"user_id": {"S": event.request.user_attributes["sub"]}},
        ProjectionExpression="#plan, #member_since",
        ExpressionAttributeNames={"#plan": "plan", "#member_since": "member_since"},
        ConsistentRead=True,
    )
    profile = {
        name: it["S"] for name, it in answer.get("Item", {}).items() if "S" in it
    }
    added = {"plan": "free"} | profile
    details = event.response.claims_scope_override_details
    details.id_token_generation.claims_to_add_or_override = added
    details.access_token_generation.claims_to_add_or_override = added
    logger.info("tokens have claims", plan=added["plan"])
    return event.raw_event
