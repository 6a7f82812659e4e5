"""The resources of a deployed stack that have policies of their own, or could."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing._policies import READ
from lambda_constructs.testing._proof.attacks import Target
from lambda_constructs.testing._proof.grants import path_of
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.stack import DeployedStack

ARNS = {
    "AWS::Events::EventBus": "Arn",
    "AWS::KMS::Key": "Arn",
    "AWS::S3::Bucket": "Arn",
    "AWS::SQS::Queue": "Arn",
}
NAMED_BY_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret"}
"""What `Ref` gives the ARN of."""


def targets_of(stack: DeployedStack) -> Iterator[Target]:
    """Give each resource with its policy as it was deployed."""
    resolver = stack.resolver
    assert resolver is not None  # noqa: S101  (deployed stacks have one)
    for kind, attribute in ARNS.items():
        for logical_id in stack.of_type(kind):
            arn = str(resolver.get_att([logical_id, attribute]))
            yield _target(stack, path_of(stack.template, logical_id), arn)
    for logical_id, ref in stack.of_type(*NAMED_BY_ARN).items():
        yield _target(stack, path_of(stack.template, logical_id), ref)
    for name in stack.of_type("AWS::Lambda::Function").values():
        function = stack.account.functions[name]
        for qualifier in function.permissions:
            path = f"{function.path}:{qualifier}"
            yield _target(stack, path, function.arn_of(qualifier))


def _target(stack: DeployedStack, path: str, arn: str) -> Target:
    try:
        text = READ[arn.split(":")[2]](stack.account, arn)
    except (ClientError, AccountError):
        text = None
    document: Mapping[str, Any] | None = json.loads(text) if text else None
    return Target(path, arn, document)
