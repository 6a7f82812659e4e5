"""Where constructs are, which never changes; each look is a call of JavaScript."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from aws_cdk import Stack
from constructs import IConstruct

_paths: WeakKeyDictionary[IConstruct, str] = WeakKeyDictionary()
_stacks: WeakKeyDictionary[IConstruct, Stack] = WeakKeyDictionary()


def path_of(construct: IConstruct) -> str:
    """Give the path of *construct*."""
    if construct not in _paths:
        _paths[construct] = construct.node.path
    return _paths[construct]


def stack_of(construct: IConstruct) -> Stack:
    """Give the stack that *construct* belongs to."""
    if construct not in _stacks:
        _stacks[construct] = Stack.of(construct)
    return _stacks[construct]
