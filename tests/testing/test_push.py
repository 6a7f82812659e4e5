"""A service may invoke a function only as the function's resource policy allows.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam

from lambda_constructs.testing._push import InvokeRefusedError, push

from .conftest import CONTEXT, make_function

TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"
SNS = "sns.amazonaws.com"


@pytest.fixture
def function(account):
    stack = Stack(App(context=CONTEXT), "Shop")
    worker = make_function(stack, "def handler(event, context): return event")
    worker.live.add_permission(
        "Topic",
        principal=iam.ServicePrincipal(SNS),
        source_arn=TOPIC,
        source_account="123456789012",
    )
    return account.deploy(stack).function("Worker").state


def ask(account, target, principal=SNS, **context):
    keys = {"aws:SourceArn": TOPIC, "aws:SourceAccount": "123456789012"}
    named = {f"aws:{name}": value for name, value in context.items()}
    return push(account, principal, target, {"n": 1}, wait=True, context=keys | named)


def test_the_named_source_may_invoke_the_named_qualifier(account, function):
    """
    Principal, source and account are those of the permission.
    """
    assert {"n": 1} == ask(account, function.arn_of("live")).payload


@pytest.mark.parametrize(
    "other",
    [
        {"principal": "s3.amazonaws.com"},
        {"SourceArn": TOPIC + "-other"},
        {"SourceAccount": "999999999999"},
    ],
)
def test_another_source_is_refused(account, function, other):
    """
    And the timeline says who.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    with pytest.raises(InvokeRefusedError, match="may not invoke live"):
        ask(account, function.arn_of("live"), **other)

    assert "refused" == account.timeline[-1].what
    assert [] == function.invocations


def test_another_qualifier_is_refused(account, function):
    """
    A permission on the alias is none on the function.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    with pytest.raises(InvokeRefusedError, match="no resource-based policy allows"):
        ask(account, function.arn)
