"""The state of an order, said by a bot of Lex's: as one does it with Powertools.

It has no data class of Lex: its Logger, and the event as it is.
https://docs.aws.amazon.com/powertools/python/latest/core/logger/
"""

import json
import os
import re
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
SLOTS = {
    "OrderId": (
        re.compile(r"[A-Z]{2}\d{6}"),
        "An order's number is two letters and six digits. Please say it again.",
    ),
    "Postcode": (
        re.compile(r"[A-Z0-9]{3,8}"),
        "That is no postcode that I know. Please say it again.",
    ),
}
STATES = {
    "placed": "has been placed, and is being packed",
    "shipped": "is on its way",
    "delivered": "has been delivered",
}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one code hook of the bot."""
    state = event["sessionState"]
    intent = state["intent"]
    attributes = dict(state.get("sessionAttributes") or {})
    source = event["invocationSource"]
    logger.info("asked", intent=intent["name"], source=source)
    if intent["name"] != "OrderStatus":
        return hand_over(event, intent, attributes)
    if source == "DialogCodeHook":
        return check(event, intent, attributes)
    return tell(event, intent, attributes)


def check(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> dict[str, Any]:
    """Ask again for what is malformed."""
    for name, (pattern, fault) in SLOTS.items():
        text = said(intent, name)
        if text and not pattern.fullmatch(text):
            if missed(attributes):
                return hand_over(event, intent, attributes)
            intent["slots"][name] = None
            action = {"type": "ElicitSlot", "slotToElicit": name}
            return answer(action, intent, attributes, fault)
    return answer({"type": "Delegate"}, intent, attributes)


def tell(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> dict[str, Any]:
    """Say how the order is."""
    number, code = said(intent, "OrderId"), said(intent, "Postcode")
    item: dict[str, Any] = {}
    if SLOTS["OrderId"][0].fullmatch(number) and SLOTS["Postcode"][0].fullmatch(code):
        found = dynamodb.get_item(
            TableName=os.environ["ORDERS_TABLE"],
            Key={"order_id": {"S": number}},
            ProjectionExpression="#status, postcode",
            ExpressionAttributeNames={"#status": "status"},
        )
        item = found.get("Item", {})
    if not item or item["postcode"]["S"] != code:
        if missed(attributes):
            return hand_over(event, intent, attributes)
        intent["slots"] |= {"OrderId": None, "Postcode": None}
        intent["state"] = "InProgress"
        action = {"type": "ElicitSlot", "slotToElicit": "OrderId"}
        fault = "I know no such order there. What is the number of your order?"
        return answer(action, intent, attributes, fault)
    attributes.pop("misses", None)
    intent["state"] = "Fulfilled"
    how = STATES.get(item["status"]["S"], "is being looked after")
    return answer({"type": "Close"}, intent, attributes, f"Your order {how}.")


def hand_over(
    event: dict[str, Any], intent: dict[str, Any], attributes: dict[str, str]
) -> dict[str, Any]:
    """Have a person go on with this session."""
    if attributes.get("handed_over") != "yes":
        number = said(intent, "OrderId")
        known = SLOTS["OrderId"][0].fullmatch(number)
        body = {
            "session_id": event["sessionId"],
            "order_id": number if known else None,
            "reason": intent["name"],
        }
        url = os.environ["HANDOVERS_QUEUE_URL"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        attributes["handed_over"] = "yes"
    intent["state"] = "Fulfilled" if intent["name"] == "TalkToPerson" else "Failed"
    text = "A colleague takes over, and will write to you here."
    return answer({"type": "Close"}, intent, attributes, text)


def missed(attributes: dict[str, str]) -> bool:
    """Count a miss of the session, and tell whether it is one too many."""
    given = attributes.get("misses", "0")
    misses = int(given) + 1 if re.fullmatch("[0-9]", given) else 3
    attributes["misses"] = str(misses)
    return misses >= 3


def said(intent: dict[str, Any], name: str) -> str:
    """Give what was understood for a slot, as it is stored."""
    slot = (intent.get("slots") or {}).get(name) or {}
    text = str((slot.get("value") or {}).get("interpretedValue") or "")
    return re.sub(r"[\s-]", "", text).upper()


def answer(
    action: dict[str, str],
    intent: dict[str, Any],
    attributes: dict[str, str],
    text: str = "",
) -> dict[str, Any]:
    """Word what comes next as Lex takes it."""
    made: dict[str, Any] = {
        "sessionState": {
            "dialogAction": action,
            "intent": intent,
            "sessionAttributes": attributes,
        }
    }
    if text:
        made["messages"] = [{"contentType": "PlainText", "content": text}]
    return made
