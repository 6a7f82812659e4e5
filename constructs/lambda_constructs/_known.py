"""What never changes of CDK's objects, asked once: each question calls JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakKeyDictionary

from aws_cdk import IResource, Stack, Stage
from constructs import IConstruct, Node

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sqs as sqs

C = TypeVar("C")
T = TypeVar("T")


def asked_once(ask: Callable[[C], T]) -> Callable[[C], T]:
    """Keep what *ask* gives for each object, unless it is None."""
    answers: WeakKeyDictionary[C, T] = WeakKeyDictionary()

    @wraps(ask)
    def answer(construct: C) -> T:
        found = answers.get(construct)
        if found is not None:
            return found
        found = ask(construct)
        if found is not None:
            answers[construct] = found
        return found

    return answer


@asked_once
def node_of(construct: IConstruct) -> Node:
    """Give the node of *construct*."""
    return construct.node


@asked_once
def path_of(construct: IConstruct) -> str:
    """Give the path of *construct*."""
    return node_of(construct).path


_stacks: WeakKeyDictionary[IConstruct, Stack] = WeakKeyDictionary()


def stack_of(construct: IConstruct) -> Stack:
    """Give the stack that *construct* belongs to."""
    if isinstance(construct, Stack):
        return construct
    if construct not in _stacks:
        _stacks[construct] = Stack.of(construct)
    return _stacks[construct]


def put_below(scope: IConstruct, construct: IConstruct) -> None:
    """Say that *construct* was made below *scope*, so in the same stack."""
    _stacks[construct] = stack_of(scope)


@asked_once
def stage_of(stack: Stack) -> Stage:
    """Give the stage that *stack* is deployed with; an app is one."""
    return cast("Stage", Stage.of(stack))


@asked_once
def stack_name_of(stack: Stack) -> str:
    """Give the name of *stack*, or a token of a nested one's."""
    return stack.stack_name


@asked_once
def region_of(resource: IResource | Stack) -> str:
    """Give the Region of *resource*, or a token; what is defined has its stack's."""
    if isinstance(resource, Stack):
        return resource.region
    if resource_of(resource) is not None:
        return region_of(stack_of(resource))
    return resource.env.region


@asked_once
def account_of(resource: IResource | Stack) -> str:
    """Give the account of *resource*, or a token; what is defined has its stack's."""
    if isinstance(resource, Stack):
        return resource.account
    if resource_of(resource) is not None:
        return account_of(stack_of(resource))
    return resource.env.account


@asked_once
def function_arn_of(function: lambda_.IFunction) -> str:
    """Give the ARN of *function*, a version or an alias."""
    return function.function_arn


@asked_once
def queue_arn_of(queue: sqs.IQueue) -> str:
    """Give the ARN of *queue*."""
    return queue.queue_arn


@asked_once
def resource_of(construct: IConstruct) -> IConstruct | None:
    """Give what CloudFormation makes of *construct*; None of an imported one."""
    return node_of(construct).default_child
