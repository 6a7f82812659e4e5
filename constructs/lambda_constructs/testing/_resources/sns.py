"""Amazon SNS."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)

ATTRIBUTES = ("ContentBasedDeduplication", "FifoTopic", "KmsMasterKeyId")


def create_topic(request: Request) -> Created:
    """Create a topic."""
    account, properties = request.account, request.properties
    suffix = ".fifo" if properties.get("FifoTopic") in (True, "true") else ""
    name = request.name(properties.get("TopicName"), most=256, suffix=suffix)
    given = {key: str(properties[key]) for key in ATTRIBUTES if key in properties}
    given = {key: _lowered(each) for key, each in given.items()}
    made = account.client("sns").create_topic(Name=name, Attributes=given)
    arn = str(made["TopicArn"])
    for number, each in enumerate(properties.get("Subscription", [])):
        account.sources.topics.subscribe(each, arn, f"{request.path}/{number}")
    if "DataProtectionPolicy" in properties:
        account.note_unmodelled(request, "DataProtectionPolicy")
    return Created(arn, {"TopicArn": arn, "TopicName": name})


def create_topic_policy(request: Request) -> Created:
    """Attach a policy to its topics."""
    for arn in request.properties["Topics"]:
        request.account.client("sns").set_topic_attributes(
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue=document(request.properties["PolicyDocument"]),
        )
    return Created(request.name())


def create_subscription(request: Request) -> Created:
    """Subscribe an endpoint to a topic."""
    properties, topics = request.properties, request.account.sources.topics
    made = topics.subscribe(properties, str(properties["TopicArn"]), request.path)
    if not made.modelled:
        request.account.note_unmodelled(request, f"subscription of {made.protocol}")
    return Created(made.arn, {"Arn": made.arn})


def _lowered(value: str) -> str:
    return value.lower() if value in ("True", "False") else value


CREATE: dict[str, Create] = {
    "AWS::SNS::Subscription": create_subscription,
    "AWS::SNS::Topic": create_topic,
    "AWS::SNS::TopicPolicy": create_topic_policy,
}
