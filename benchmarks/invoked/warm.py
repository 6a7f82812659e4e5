"""Invoke a handler again and again as Lambda does, and say what a record takes.

`python -B -m benchmarks.invoked.warm TASK`, in a process of its own; the task is JSON.
What the handler logs is written to nowhere.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REMAINING_MS = 10 * 60 * 1000
WARM_UP = 3


@dataclass
class Context:
    """What Lambda hands to a handler beside its event; there is always time."""

    function_name: str = "function"
    function_version: str = "1"
    memory_limit_in_mb: str = "512"
    aws_request_id: str = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
    invoked_function_arn: str = (
        "arn:aws:lambda:eu-west-1:123456789012:function:function:live"
    )
    log_group_name: str = "/aws/lambda/function"
    log_stream_name: str = "2026/11/21/[1]c0ffee"
    identity: None = None
    client_context: None = None
    tenant_id: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until Lambda ends the process."""
        return REMAINING_MS


class Lines(logging.Formatter):
    """Write JSON lines as Lambda's runtime does with what is logged plainly."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line."""
        given = {
            name: value
            for name, value in vars(record).items()
            if name not in _KNOWN and not name.startswith("_")
        }
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": Context.aws_request_id,
            **given,
        }
        return json.dumps(line, default=str)


_KNOWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Closing:
    """An answer to what is not AWS's API."""

    def close(self) -> None:
        """Have nothing to close."""


def main(task: dict[str, Any]) -> dict[str, Any]:
    """Measure each of the task's cases: so many records, so long an answer."""
    from benchmarks.invoked.answers import Answers
    from benchmarks.invoked.cold import peak_kb
    from benchmarks.invoked.events import event_of

    root = logging.StreamHandler(sys.stdout)
    root.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[root])
    answers = Answers()
    answers.install()

    def urlopen(*_: object, **__: object) -> Closing:
        answers.wait()
        return Closing()

    urllib.request.urlopen = urlopen
    sys.path[:0] = task["folders"]
    module, _, name = task["handler"].rpartition(".")
    handler: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), name)
    number = 0

    def events(count: int, size: int) -> list[dict[str, Any]]:
        nonlocal number
        number += count * size
        first = number - count * size
        made = range(first, number, size)
        return [event_of(task["events"], size, each) for each in made]

    for event in events(WARM_UP, 1):
        check(handler(event, Context()))
    cases = []
    for size, io_ms in task["cases"]:
        answers.seconds = io_ms / 1e3
        answers.calls = 0
        start = time.perf_counter()
        (event,) = events(1, size)
        check(handler(event, Context()))
        once = time.perf_counter() - start
        calls = answers.calls / size
        made = events(min(1_000, max(1, round(task["seconds"] / once))), size)
        cpu, wall = time.process_time(), time.perf_counter()
        for event in made:
            handler(event, Context())
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        records = len(made) * size
        cases.append(
            {
                "size": size,
                "io_ms": io_ms,
                "calls": calls,
                "cpu_us": cpu / records * 1e6,
                "wall_us": wall / records * 1e6,
            }
        )
    return {"cases": cases, "peak_mb": peak_kb() / 1024}


def check(answer: object) -> None:
    """Raise unless it went well; what fails is quick and says nothing.

    Raises:
        RuntimeError: Records failed, or a request was refused.
    """
    if not isinstance(answer, dict):
        return
    failed = answer.get("batchItemFailures")
    refused = int(answer.get("statusCode", 200)) >= 400
    results = {
        each.get("result", each.get("resultCode"))
        for each in (*answer.get("records", ()), *answer.get("results", ()))
    }
    if failed or refused or not results <= {"Ok", "Succeeded"}:
        raise RuntimeError(f"the handler did not do its work: {str(answer)[:500]}")


if __name__ == "__main__":
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.path[:] = [each for each in sys.path if not each.endswith("site-packages")]
    given = json.loads(sys.argv[1])
    sys.path.insert(1, given["folders"][-1])  # botocore, for those who answer
    json.dump(main(given), told)
    told.close()
