"""Amazon SQS."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)

ATTRIBUTES = {
    "ContentBasedDeduplication": "ContentBasedDeduplication",
    "DeduplicationScope": "DeduplicationScope",
    "DelaySeconds": "DelaySeconds",
    "FifoQueue": "FifoQueue",
    "FifoThroughputLimit": "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId": "KmsMasterKeyId",
    "MaximumMessageSize": "MaximumMessageSize",
    "MessageRetentionPeriod": "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy": "RedriveAllowPolicy",
    "RedrivePolicy": "RedrivePolicy",
    "SqsManagedSseEnabled": "SqsManagedSseEnabled",
    "VisibilityTimeout": "VisibilityTimeout",
}


def create_queue(request: Request) -> Created:
    """Create a queue."""
    properties = request.properties
    suffix = ".fifo" if properties.get("FifoQueue") else ""
    name = request.name(properties.get("QueueName"), most=80, suffix=suffix)
    given = {
        attribute: _text(properties[name])
        for name, attribute in ATTRIBUTES.items()
        if name in properties
    }
    sqs = request.account.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
    return Created(
        url,
        {"Arn": request.arn("sqs", name), "QueueName": name, "QueueUrl": url},
    )


def create_queue_policy(request: Request) -> Created:
    """Attach a policy to its queues."""
    policy = document(request.properties["PolicyDocument"])
    for url in request.properties["Queues"]:
        request.account.client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": policy}
        )
    return Created(request.name())


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return document(value) if isinstance(value, dict) else str(value)


CREATE: dict[str, Create] = {
    "AWS::SQS::Queue": create_queue,
    "AWS::SQS::QueuePolicy": create_queue_policy,
}
