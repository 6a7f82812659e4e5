"""Invoke each handler in each way that it is written in, and say what came of it.

`python -m benchmarks.invoked.alike` prints JSON: by function and way the calls of AWS
that were made, in their order, and the answer. All run in this one process, from the
packages that are installed here; nothing is timed.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import random
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from benchmarks.handlers import OURS, PEERS, variants_of
from benchmarks.invoked.answers import Answers
from benchmarks.invoked.events import event_of
from benchmarks.invoked.functions import FUNCTIONS, Function, environment
from benchmarks.invoked.warm import Closing, Context

RECORDS = 3


class Calls(Answers):
    """AWS's answers, and what was asked.

    Attributes:
        operations: The calls by their names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[str] = []

    def body(self, operation: str, request: AWSPreparedRequest) -> tuple[bytes, str]:
        """Give what is answered, and its content type."""
        self.operations.append(operation)
        return super().body(operation, request)

    def urlopen(self, *_: object, **__: object) -> Closing:
        """Answer what is not AWS's API."""
        self.operations.append("urlopen")
        return Closing()


@contextmanager
def imported(folder: Path, handler: str) -> Iterator[Any]:
    """Give a handler, whose modules are forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        module, _, name = handler.rpartition(".")
        yield getattr(importlib.import_module(module), name)
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file is not None and Path(file).parent == folder:
                del sys.modules[name]


def invoke(function: Function, variant: str, calls: Calls) -> dict[str, Any]:
    """Invoke a handler once, as it is written in that way."""
    folder, handler = function.folder, function.handler
    if variant != OURS:
        folder, handler = PEERS / variant, function.peer
    os.environ.clear()
    os.environ.update(environment(function.variables))
    with imported(folder, handler) as handle:
        calls.operations.clear()
        random.seed(0)
        answer = handle(event_of(function.name, RECORDS, 1), Context())
    return {"calls": list(calls.operations), "answer": answer}


def main(names: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Invoke all that have peers, or those that are named."""
    logging.basicConfig(stream=sys.stdout)
    calls = Calls()
    calls.install()
    urllib.request.urlopen = calls.urlopen
    return {
        each.name: {way: invoke(each, way, calls) for way in variants_of(each)}
        for each in FUNCTIONS
        if variants_of(each) != (OURS,) and (not names or each.name in names)
    }


if __name__ == "__main__":
    # What handlers log goes to nowhere.
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    json.dump(main(sys.argv[1:]), told)
    told.close()
