"""Say how an order is, to who knows its number and postcode, or get them a person."""

import json
import logging
import os
import re
from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

import boto3
from botocore.config import Config

HANDOVERS_QUEUE_URL = os.environ["HANDOVERS_QUEUE_URL"]
ORDERS_TABLE = os.environ["ORDERS_TABLE"]

ORDER_ID = re.compile(r"[A-Z]{2}\d{6}")
POSTCODE = re.compile(r"[A-Z0-9]{3,8}")
MOST_MISSES = 3  # then a person is quicker, and guessing ends
STATES = {
    "placed": "has been placed, and is being packed",
    "shipped": "is on its way",
    "delivered": "has been delivered",
}

# Nothing is logged of what customers say.
logger = logging.getLogger()
logger.setLevel(logging.INFO)
config = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
)
dynamodb = boto3.client("dynamodb", config=config)
sqs = boto3.client("sqs", config=config)


class Message(TypedDict):
    """What the bot says."""

    contentType: str
    content: str


class Answer(TypedDict):
    """What comes next in the session."""

    sessionState: dict[str, Any]
    messages: NotRequired[list[Message]]


def handler(event: dict[str, Any], context: object) -> Answer:
    """Answer one code hook of the bot."""
    state = event["sessionState"]
    intent = state["intent"]
    # All of them are to be returned, or Lex forgets the rest.
    attributes = dict(state.get("sessionAttributes") or {})
    source = event["invocationSource"]
    logger.info("asked", extra={"intent": intent["name"], "source": source})
    if intent["name"] != "OrderStatus":
        return hand_over(event, intent, attributes)
    if source == "DialogCodeHook":
        return check(event, intent, attributes)
    return tell(event, intent, attributes)


def check(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> Answer:
    """Check what was understood so far; what is malformed is asked for again."""
    for name, read, fault in (
        ("OrderId", order_id, "An order's number is two letters and six digits."),
        ("Postcode", postcode, "That is no postcode that I know."),
    ):
        if said(intent, name) and read(said(intent, name)) is None:
            if missed(attributes):
                return hand_over(event, intent, attributes)
            intent["slots"][name] = None
            return answer(
                {"type": "ElicitSlot", "slotToElicit": name},
                intent,
                attributes,
                f"{fault} Please say it again.",
            )
    return answer({"type": "Delegate"}, intent, attributes)


def tell(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> Answer:
    """Say how the order is; a wrong postcode and no such order sound the same."""
    number = order_id(said(intent, "OrderId"))
    code = postcode(said(intent, "Postcode"))
    item = found(number) if number and code else {}
    if not item or item["postcode"]["S"] != code:
        if missed(attributes):
            return hand_over(event, intent, attributes)
        intent["slots"] |= {"OrderId": None, "Postcode": None}
        intent["state"] = "InProgress"
        return answer(
            {"type": "ElicitSlot", "slotToElicit": "OrderId"},
            intent,
            attributes,
            "I know no such order there. What is the number of your order?",
        )
    attributes.pop("misses", None)
    how = STATES.get(item["status"]["S"], "is being looked after")
    intent["state"] = "Fulfilled"
    return answer({"type": "Close"}, intent, attributes, f"Your order {how}.")


def hand_over(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> Answer:
    """Have a person go on with this session: told once, however often it is asked."""
    if attributes.get("handed_over") != "yes":
        body = {
            "session_id": event["sessionId"],
            "order_id": order_id(said(intent, "OrderId")),
            "reason": intent["name"],
        }
        sqs.send_message(QueueUrl=HANDOVERS_QUEUE_URL, MessageBody=json.dumps(body))
        attributes["handed_over"] = "yes"
    intent["state"] = "Fulfilled" if intent["name"] == "TalkToPerson" else "Failed"
    text = "A colleague takes over, and will write to you here."
    return answer({"type": "Close"}, intent, attributes, text)


def found(number: str) -> dict[str, Any]:
    """Look an order up, and nothing of it that is not said."""
    answer = dynamodb.get_item(
        TableName=ORDERS_TABLE,
        Key={"order_id": {"S": number}},
        ProjectionExpression="#status, postcode",
        ExpressionAttributeNames={"#status": "status"},
    )
    return dict(answer.get("Item", {}))


def missed(attributes: dict[str, str]) -> bool:
    """Count a miss of the session, and tell whether it is one too many."""
    given = attributes.get("misses", "0")
    # A client may send whatever it likes as an attribute of its session.
    misses = int(given) + 1 if re.fullmatch("[0-9]", given) else MOST_MISSES
    attributes["misses"] = str(misses)
    return misses >= MOST_MISSES


def said(intent: dict[str, Any], name: str) -> str:
    """Give what was understood for a slot, or nothing."""
    slot = (intent.get("slots") or {}).get(name) or {}
    return str((slot.get("value") or {}).get("interpretedValue") or "")


def reader(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    """Make what reads a text as it is stored, or gives None if it is malformed."""

    def read(text: str) -> str | None:
        plain = re.sub(r"[\s-]", "", text).upper()
        return plain if pattern.fullmatch(plain) else None

    return read


order_id = reader(ORDER_ID)
postcode = reader(POSTCODE)


def answer(
    action: dict[str, str],
    intent: dict[str, Any],
    attributes: dict[str, str],
    text: str = "",
) -> Answer:
    """Word what comes next as Lex takes it."""
    state = {
        "dialogAction": action,
        "intent": intent,
        "sessionAttributes": attributes,
    }
    if not text:
        return {"sessionState": state}
    message: Message = {"contentType": "PlainText", "content": text}
    return {"sessionState": state, "messages": [message]}
