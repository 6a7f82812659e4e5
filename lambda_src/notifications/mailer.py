"""Put a mail into the outbox for each notification, once, for a sender to collect."""

import hashlib
import hmac
import os
from typing import Annotated, Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import SNSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from pydantic import BaseModel, Field, ValidationError

OUTBOX_TABLE = os.environ["OUTBOX_TABLE"]
SIGNING_KEY_ARN = os.environ["SIGNING_KEY_ARN"]

# A key that is replaced is in use after five minutes.
KEY_SECONDS = 300

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up after 3 s, well before the function's timeout.
config = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=config)
secrets = parameters.SecretsProvider(boto_config=config)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Mail(BaseModel, strict=True):
    """What this subscriber reads of a notification; others read other fields."""

    notification_id: Id
    order_id: Id
    customer_id: Id
    kind: Literal["confirmed", "shipped"]


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Put the mail of one notification; SNS sends one in each event."""
    for record in SNSEvent(event).records:
        logger.append_keys(message_id=record.sns.message_id)
        logger.set_correlation_id(record.sns.message_id)
        put(parse(record.sns.message))


def parse(message: str) -> Mail:
    """Read a notification; name the first fault without quoting what was sent."""
    try:
        return Mail.model_validate_json(message)
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))[:80]
        raise ValueError(f"not a mail: {fault['type']} at '{place}'") from None


def put(mail: Mail) -> None:
    """Put a mail, unless it is there: publishers, SNS and Lambda all repeat."""
    # The publisher's own id is the key, not SNS's: a publisher that retries sends the
    # same notification in a new message.
    item = {name: {"S": value} for name, value in mail.model_dump().items()}
    item["unsubscribe"] = {"S": unsubscribe_token(mail.customer_id)}
    try:
        dynamodb.put_item(
            TableName=OUTBOX_TABLE,
            Item=item,
            ConditionExpression="attribute_not_exists(notification_id)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        logger.info("mail is there already", extra=mail.model_dump())
    else:
        logger.info("mail is in the outbox", extra=mail.model_dump())


def unsubscribe_token(customer_id: str) -> str:
    """Sign who is unsubscribed by the link of a mail, so that nobody makes up another.

    The key is read from Secrets Manager once in a while, and is never in the logs.
    """
    key = secrets.get(SIGNING_KEY_ARN, max_age=KEY_SECONDS)
    signature = hmac.new(str(key).encode(), customer_id.encode(), hashlib.sha256)
    return f"{customer_id}.{signature.hexdigest()}"
