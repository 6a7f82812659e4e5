"""A mix of all sources: a stack that has one function for each of `patterns`.

`python -m benchmarks.mix VARIANT COUNT` synthesizes so many of them and prints what
came out, for a process of its own to be measured.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks import patterns

VARIANTS = {
    "ours": "this library",
    "same": "Python L2, the same resources",
    "plain": "Python L2, CDK's defaults",
}


def synthesize(variant: str, count: int) -> dict[str, Any]:
    """Give the template of the first of *count* mixes."""
    from aws_cdk import App, Stack
    from constructs import Construct

    app = App()
    for number in range(count):
        stack = Stack(app, f"Mix{number}")
        for name, define in patterns.of(variant).items():
            define(Construct(stack, name.replace(" ", "")))
    template: dict[str, Any] = app.synth().get_stack_by_name("Mix0").template
    return template


if __name__ == "__main__":
    made = synthesize(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(json.dumps(made))
