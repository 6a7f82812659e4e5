"""One function for each of many event sources, written in several ways.

A module is a way, and has a function for each source in `PATTERNS`, by the same name
and with the same resource behind it. That takes a scope of its own.

`python -m benchmarks.patterns VARIANT` prints a template for each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from constructs import Construct

os.environ.setdefault("CDK_VALIDATION", "false")


def of(variant: str) -> Mapping[str, Callable[[Construct], None]]:
    """Give the patterns of one way; what the others need is not loaded."""
    found = import_module(f"benchmarks.patterns.{variant}").PATTERNS
    return cast("Mapping[str, Callable[[Construct], None]]", found)


def synthesize(variant: str) -> dict[str, dict[str, Any]]:
    """Give the template of each pattern, in a stack of its own."""
    from aws_cdk import App, Stack

    app = App()
    made = {}
    for name, define in of(variant).items():
        made[name] = Stack(app, name.replace(" ", ""))
        define(made[name])
    stacks = app.synth()
    return {
        name: stacks.get_stack_by_name(stack.stack_name).template
        for name, stack in made.items()
    }


def several(variant: str, pattern: str, count: int) -> dict[str, Any]:
    """Give the template of a stack that has *pattern* so many times."""
    from aws_cdk import App, Stack
    from constructs import Construct

    app = App()
    stack = Stack(app, "Several")
    for number in range(count):
        of(variant)[pattern](Construct(stack, f"Part{number}"))
    template: dict[str, Any] = app.synth().get_stack_by_name("Several").template
    return template
