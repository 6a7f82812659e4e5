"""What runs code while it is deployed comes after what that code may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from aws_cdk import CfnResource, Stack

from lambda_constructs._known import node_of, resource_of, stack_of
from lambda_constructs._validation import gather_until_the_end

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

Pair = tuple[CfnResource, CfnResource]

_waiting: WeakKeyDictionary[Stack, list[Pair]] = WeakKeyDictionary()


def wait_for_policy(resource: object, function: LambdaFunction) -> None:
    """Let *resource* come after the policy of *function*, unless that is a cycle.

    A release, environments that are provisioned and snapshots run the new code before
    anybody has invoked it. The policy may name what in turn names the alias, though: a
    bucket that notifies, a user pool. That is known at the end, when all is bound.
    """
    policy = resource_of(function.policy)
    if not isinstance(resource, CfnResource) or not isinstance(policy, CfnResource):
        return
    gather_until_the_end(_waiting, stack_of(function), (resource, policy), _settle)


def _settle(stack: Stack, pairs: list[Pair]) -> list[str]:
    here = {
        stack.resolve(each.logical_id): each
        for each in node_of(stack).find_all()
        if isinstance(each, CfnResource) and stack_of(each) is stack
    }
    for resource, policy in pairs:
        if stack.resolve(resource.logical_id) not in _behind(stack, policy, here):
            resource.add_resource_dependency(policy)
    return []


def _behind(
    stack: Stack, resource: CfnResource, here: Mapping[str, CfnResource]
) -> set[str]:
    """Give the logical ids of all that *resource* waits for."""
    found: set[str] = set()
    left = [resource]
    while left:
        each = left.pop()
        waits = set(_named(stack.resolve(each._cfn_properties)))
        waits |= {
            stack.resolve(after.logical_id)
            for after in each.obtain_dependencies()
            if isinstance(after, CfnResource)
        }
        left += [here[id] for id in waits - found if id in here]
        found |= waits
    return found


def _named(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for each in value:
            yield from _named(each)
    elif isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            yield value["Ref"]
        if "Fn::GetAtt" in value:
            target = value["Fn::GetAtt"]
            yield target.partition(".")[0] if isinstance(target, str) else target[0]
        if "Fn::Sub" in value:
            yield from _substituted(value["Fn::Sub"])
        for each in value.values():
            yield from _named(each)


def _substituted(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    text = value if isinstance(value, str) else value[0]
    for part in text.split("${")[1:]:
        yield part.partition("}")[0].partition(".")[0]
