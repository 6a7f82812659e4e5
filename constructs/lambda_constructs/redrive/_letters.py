"""Reading dead letters: what a service could not deliver, with why.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_constructs._rule_input import RuleInputError, input_of
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._resend import Cannot, Event, Resend, ToQueue, ToTopic
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Origin

WHOLE_MESSAGE = re.compile(
    r"\s*SELECT\s+\*\s+FROM\s+'[^']*'\s*(WHERE\b.*)?", re.I | re.S
)


def of_queue(origins: Sequence[Origin], message: Received) -> FailedMessage | None:
    """Read a message that SQS moved from a queue."""
    source = message.system.get("DeadLetterQueueSourceArn", "")
    queues = [each for each in origins if each.kind == "queue"]
    if not source and len(queues) == len(origins) == 1:
        source = queues[0].arn
    if not source and len(queues) < len(origins):
        return None
    payload = _parsed(message.body)
    if source not in {each.arn for each in queues}:
        why = f"it came from {source}" if source else "it does not tell its queue"
        reason = f"{why}, and several queues have their dead letters here"
        return FailedMessage(message, Cannot(reason), payload)
    back = ToQueue(source, message.id, message.body, message.attributes, message.system)
    return FailedMessage(message, back, payload)


def of_subscription(
    origins: Sequence[Origin], message: Received, body: Any
) -> FailedMessage | None:
    """Read a notification that SNS could not deliver, and shape it as it would."""
    subscriptions = [each for each in origins if each.kind == "subscription"]
    if not subscriptions:
        return None
    told = _told(message, "ErrorCode", "ErrorMessage")
    if not isinstance(body, dict) or body.get("Type") != "Notification":
        raw = [each for each in subscriptions if each.settings["raw"]]
        if len(raw) != 1 or len(origins) > 1:
            return None
        attributes = {
            name: each
            for name, each in message.attributes.items()
            if name not in ("RequestID", "ErrorCode", "ErrorMessage")
        }
        back = ToQueue(raw[0].target, message.id, message.body, attributes)
        return FailedMessage(message, back, body, told)
    of_topic = [
        each for each in subscriptions if each.settings["topic"] == body["TopicArn"]
    ]
    named = [
        each for each in of_topic if each.arn in str(body.get("UnsubscribeURL", ""))
    ]
    found = named or of_topic
    if not found:
        return None
    if len(found) > 1:
        reason = "several subscriptions of the topic have their dead letters here"
        return FailedMessage(message, Cannot(reason), body, told)
    return FailedMessage(message, _notified(found[0], message, body), body, told)


def _notified(to: Origin, message: Received, body: Mapping[str, Any]) -> Resend:
    protocol = to.settings["protocol"]
    if protocol == "sqs":
        return ToQueue(to.target, message.id, message.body, message.attributes)
    if protocol != "lambda":
        return Cannot(f"it failed on its way by {protocol}, which only SNS can send by")
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    inner = {renamed.get(name, name): value for name, value in body.items()}
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": to.arn,
        "EventSource": "aws:sns",
        "Sns": {"Subject": None, "MessageAttributes": {}, **inner},
    }
    return Event(to.target, json.dumps({"Records": [record]}))


def of_rule(
    origins: Sequence[Origin], message: Received, body: Any
) -> FailedMessage | None:
    """Read an event that a rule could not deliver, and shape it as the rule would.

    It goes to the one target that missed it. Put on the bus, it would reach all.
    """
    rule, target = message.attribute("RULE_ARN"), message.attribute("TARGET_ARN")
    if not rule:
        return None
    found = [
        each
        for each in origins
        if each.kind == "rule" and (each.arn, each.target) == (rule, target)
    ]
    back: Resend
    if not found:
        back = Cannot(
            f"it names {target} of {rule}, which does not end here (any more)"
        )
    elif not isinstance(body, dict):
        back = Cannot("the event is not JSON")
    else:
        try:
            text = input_of(found[0].settings, body, rule)
        except RuleInputError as error:
            back = Cannot(str(error))
        else:
            back = _to_target(found[0], message, text)
    told = _told(message, "ERROR_CODE", "ERROR_MESSAGE")
    return FailedMessage(message, back, body, told, _attempts(message))


def of_schedule(
    origins: Sequence[Origin], message: Received, body: Any
) -> FailedMessage | None:
    """Read an input that a schedule could not deliver."""
    schedule = message.attribute("SCHEDULE_ARN")
    if not schedule:
        return None
    found = [
        each for each in origins if each.kind == "schedule" and each.arn == schedule
    ]
    back: Resend
    if not found:
        back = Cannot(f"it names {schedule}, which does not end here (any more)")
    elif message.attribute("IS_PAYLOAD_TRUNCATED").lower() == "true":
        back = Cannot("the schedule's input was cut off, being too large for the queue")
    else:
        back = _to_target(found[0], message, message.body)
    told = _told(message, "ERROR_CODE", "ERROR_MESSAGE")
    return FailedMessage(message, back, body, told, _attempts(message))


def _to_target(origin: Origin, message: Received, text: str) -> Resend:
    service = origin.target.split(":")[2]
    if service == "lambda":
        return Event(origin.target, text)
    if service == "sqs":
        group = origin.settings.get("SqsParameters", {}).get("MessageGroupId")
        system = {"MessageGroupId": str(group)} if group else {}
        return ToQueue(origin.target, message.id, text, system=system)
    if service == "sns":
        return ToTopic(origin.target, text)
    return Cannot(f"its target is of {service}, to which nothing is sent from here")


def of_function(
    origins: Sequence[Origin], message: Received, body: Any
) -> FailedMessage | None:
    """Read an event of a function's dead-letter store, which is the bare event."""
    functions = [each for each in origins if each.kind == "dead letters"]
    if not functions or not message.attribute("RequestID"):
        return None
    back: Resend = Event(functions[0].target, json.dumps(body))
    if len(functions) > 1:
        back = Cannot(
            "several functions have their dead letters here, and it names none"
        )
    return FailedMessage(message, back, body, message.attribute("ErrorMessage"))


def of_iot(
    origins: Sequence[Origin], message: Received, body: Mapping[str, Any]
) -> FailedMessage | None:
    """Read a message that a rule of AWS IoT could not deliver.

    What the rule's SQL makes of it is not repeated here: only that of `SELECT *`.
    """
    if "base64OriginalPayload" not in body:
        return None
    payload = _parsed(base64.b64decode(body["base64OriginalPayload"]).decode())
    failures = body.get("failures", [])
    told = "; ".join(str(each.get("errorMessage", "")) for each in failures)
    failed = {each.get("failedResource") for each in failures}
    name = str(body.get("ruleName", ""))
    rules = [
        each
        for each in origins
        if each.kind == "iot" and each.arn.rsplit("/", 1)[-1] == name
    ]
    functions = [
        arn for each in rules for arn in each.settings["functions"] if arn in failed
    ]
    back: Resend
    if len(functions) != 1:
        back = Cannot(f"it names {name}, which has no such function (any more)")
    elif not WHOLE_MESSAGE.fullmatch(rules[0].settings["sql"]):
        back = Cannot("what the rule's SQL makes of it is known to AWS IoT alone")
    else:
        back = Event(functions[0], json.dumps(payload))
    return FailedMessage(message, back, payload, told)


def _told(message: Received, code: str, text: str) -> str:
    return ": ".join(filter(None, map(message.attribute, (code, text))))


def _attempts(message: Received) -> int | None:
    retries = message.attribute("RETRY_ATTEMPTS")
    return int(retries) + 1 if retries.isdecimal() else None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
