"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html."""

from __future__ import annotations

import base64
import binascii
import json

from lambda_constructs.testing._calls.implied import resource_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import (
    anywhere,
    same_name,
    together,
    when,
)

CONTEXT = "aws:sqs:arn"
SEND = ("GenerateDataKey", "Decrypt")
RECEIVE = ("Decrypt",)


def queue(request: Request) -> str:
    """The queue of a QueueUrl; the API takes a bare name there, too."""
    parts = request.text("QueueUrl").rstrip("/").split("/")
    owner = parts[-2] if len(parts) > 1 else request.account
    return f"arn:{request.partition}:sqs:{request.region}:{owner}:{parts[-1]}"


def queue_by_name(request: Request) -> str:
    """The queue of a QueueName, which may be another account's."""
    owner = request.text("QueueOwnerAWSAccountId") or request.account
    name = request.text("QueueName")
    return f"arn:{request.partition}:sqs:{request.region}:{owner}:{name}"


def on_queue(action: str, *key_actions: str) -> Rule:
    """An action on the queue, and what its own key needs."""

    def rule(request: Request) -> tuple[Need, ...]:
        resource = queue(request)
        return (
            request.need(f"sqs:{action}", resource),
            *resource_key(request, "sqs", resource, CONTEXT, *key_actions),
        )

    return rule


def move(operation: str) -> Rule:
    """A redrive reads and deletes from the dead-letter queue as its caller."""
    actions = (operation, "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")

    def rule(request: Request) -> tuple[Need, ...]:
        source = request.text("SourceArn") or _source(request.text("TaskHandle"))
        if not source:
            raise request.unmapped("the task handle names no queue")
        return tuple(request.need(f"sqs:{action}", source) for action in actions)

    return rule


def moved_to(request: Request) -> tuple[Need, ...]:
    """It sends to the destination, or to every queue that had redriven."""
    source = request.text("SourceArn")
    given = request.text("DestinationArn")
    targets = (given,) if given else request.lookup.redrive_sources(source)
    return (
        *resource_key(request, "sqs", source, CONTEXT, *RECEIVE),
        *(request.need("sqs:SendMessage", target) for target in targets),
        *(
            need
            for target in targets
            for need in resource_key(request, "sqs", target, CONTEXT, *SEND)
        ),
    )


def _source(handle: str) -> str:
    try:
        return str(json.loads(base64.b64decode(handle)).get("sourceArn", ""))
    except (binascii.Error, ValueError, AttributeError):
        return ""


OPERATIONS: dict[str, Rule] = {
    **same_name("sqs", anywhere, "ListQueues"),
    **same_name("sqs", queue_by_name, "GetQueueUrl"),
    **same_name(
        "sqs",
        queue,
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteQueue",
        "GetQueueAttributes",
        "ListDeadLetterSourceQueues",
        "ListQueueTags",
        "PurgeQueue",
        "RemovePermission",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    ),
    "CreateQueue": together(
        *same_name("sqs", queue_by_name, "CreateQueue").values(),
        when("tags", *same_name("sqs", queue_by_name, "TagQueue").values()),
    ),
    "SendMessage": on_queue("SendMessage", *SEND),
    "SendMessageBatch": on_queue("SendMessage", *SEND),
    "ReceiveMessage": on_queue("ReceiveMessage", *RECEIVE),
    "DeleteMessageBatch": on_queue("DeleteMessage"),
    "ChangeMessageVisibilityBatch": on_queue("ChangeMessageVisibility"),
    "StartMessageMoveTask": together(move("StartMessageMoveTask"), moved_to),
    "CancelMessageMoveTask": move("CancelMessageMoveTask"),
    "ListMessageMoveTasks": move("ListMessageMoveTasks"),
}
