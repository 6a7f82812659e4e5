"""How often Python and JavaScript call each other in a synthesis.

`python -m benchmarks.calls VARIANT` prints what one more of the workers adds, and the
template of one, from an environment that has the variant.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

import jsii._kernel as kernel
from jsii._kernel.providers.process import _NodeProcess

from benchmarks import workers
from benchmarks.templates import size

Synthesize = Callable[[int], dict[str, Any]]
FEW, MANY = 2, 12


@dataclass
class Calls:
    """How often Python and JavaScript have called each other.

    Attributes:
        requests: Of JavaScript, by Python.
        callbacks: Of Python, by JavaScript.
    """

    requests: int = 0
    callbacks: int = 0


@contextmanager
def counted() -> Iterator[Calls]:
    """Count the calls that are made meanwhile."""
    calls = Calls()
    send, call_back = _NodeProcess.send, kernel._handle_callback

    def counting_send(process: _NodeProcess, *arguments: object) -> object:
        calls.requests += 1
        return send(process, *arguments)  # type: ignore[arg-type]

    def counting_callback(*arguments: object) -> object:
        calls.callbacks += 1
        return call_back(*arguments)  # type: ignore[arg-type]

    with (
        patch.object(_NodeProcess, "send", counting_send),
        patch.object(kernel, "_handle_callback", counting_callback),
    ):
        yield calls


@dataclass(frozen=True)
class Added:
    """What one more adds.

    Attributes:
        requests: Calls of JavaScript.
        callbacks: Calls of Python.
        resources: In the template.
        template_bytes: Of JSON without white space.
    """

    requests: float
    callbacks: float
    resources: float
    template_bytes: float


def added(synthesize: Synthesize, few: int, many: int) -> Added:
    """Count what one more adds, where there are *few* already.

    One is made before, since what is loaded once is not of it.
    """
    synthesize(1)
    found = []
    for count in (few, many):
        with counted() as calls:
            template = synthesize(count)
        resources = len(template["Resources"])
        found.append((calls.requests, calls.callbacks, resources, size(template)))
    return Added(*((b - a) / (many - few) for a, b in zip(*found, strict=True)))


def per_worker(variant: str) -> Added:
    """Count what one more worker adds."""
    return added(partial(workers.synthesize, variant), FEW, MANY)


if __name__ == "__main__":
    written = {
        "one": workers.synthesize(sys.argv[1], 1),
        "added": asdict(per_worker(sys.argv[1])),
    }
    sys.stdout.write(json.dumps(written))
