"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.implied import resource_key
from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import (
    anywhere,
    at,
    on,
    same_name,
    together,
    when,
)

topic = at("sns", "{}", "TopicArn", "Name")
resource = at("sns", "{}", "ResourceArn")


def publish(request: Request) -> tuple[Need, ...]:
    """To a topic, to a device, or to a telephone, which is no resource."""
    target = request.text("TopicArn") or request.text("TargetArn")
    if not target:
        return (request.need("sns:Publish", "*"),)
    return (
        request.need("sns:Publish", target),
        *resource_key(
            request, "sns", target, "aws:sns:topicArn", "GenerateDataKey", "Decrypt"
        ),
    )


def subscribe(request: Request) -> tuple[Need, ...]:
    """A policy may limit the protocol and the endpoint."""
    context = {"sns:Protocol": request.text("Protocol")}
    if endpoint := request.text("Endpoint"):
        context["sns:Endpoint"] = endpoint
    return (request.need("sns:Subscribe", request.text("TopicArn"), context),)


OPERATIONS: dict[str, Rule] = {
    "Publish": publish,
    "PublishBatch": publish,
    "Subscribe": subscribe,
    "CreateTopic": together(
        on("sns:CreateTopic", topic), when("Tags", on("sns:TagResource", topic))
    ),
    **same_name(
        "sns",
        topic,
        "AddPermission",
        "ConfirmSubscription",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "RemovePermission",
        "SetTopicAttributes",
    ),
    **same_name(
        "sns",
        resource,
        "GetDataProtectionPolicy",
        "ListTagsForResource",
        "PutDataProtectionPolicy",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "sns",
        anywhere,
        "CheckIfPhoneNumberIsOptedOut",
        "CreatePlatformEndpoint",
        "DeleteEndpoint",
        "GetEndpointAttributes",
        "GetSMSAttributes",
        "GetSubscriptionAttributes",
        "ListEndpointsByPlatformApplication",
        "ListPhoneNumbersOptedOut",
        "ListPlatformApplications",
        "ListSubscriptions",
        "ListTopics",
        "OptInPhoneNumber",
        "SetEndpointAttributes",
        "SetSMSAttributes",
        "SetSubscriptionAttributes",
        "Unsubscribe",
    ),
}
