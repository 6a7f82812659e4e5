"""A permission that is missing fails here as it would in AWS."""

from aws_cdk import App
from aws_cdk import aws_iam as iam

from .shop import ShopStack


def test_a_denied_call_is_named(account):
    stack = ShopStack(App(context={"aws:cdk:enable-path-metadata": True}), "Shop")
    deny = iam.PolicyStatement(
        effect=iam.Effect.DENY,
        actions=["sqs:SendMessage"],
        resources=[stack.node.find_child("Shipped").queue_arn],
    )
    stack.node.find_child("Worker").policy.add_statements(deny)
    shop = account.deploy(stack)

    outcome = shop.function("Worker").invoke({"id": 1})

    assert (
        "not authorized to perform: sqs:sendmessage"
        in (outcome.payload["errorMessage"])
    )
    ((action, _resource),) = shop.function("Worker").access.missing
    assert action == "sqs:SendMessage"
