"""Amazon SNS."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)


def create_topic(request: Request) -> Created:
    """Create a topic."""
    properties = request.properties
    name = request.name(properties.get("TopicName"), most=256)
    given = {
        key: str(properties[key]) for key in ("KmsMasterKeyId",) if key in properties
    }
    arn = request.account.client("sns").create_topic(Name=name, Attributes=given)[
        "TopicArn"
    ]
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


CREATE: dict[str, Create] = {
    "AWS::SNS::Topic": create_topic,
    "AWS::SNS::TopicPolicy": create_topic_policy,
}
