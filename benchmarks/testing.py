"""How fast the test kit is: messages, calls, the asynchronous failure path, deployment.

`python -m benchmarks.testing`. Best of several runs, with whatever else the machine is
doing; with authorisation, which is always on, and beside it with every call allowed.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest.mock import patch

os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from rich.console import Console
from rich.table import Table

from lambda_constructs import AsyncInvoke, LambdaFunction
from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.testing import LocalAccount
from lambda_constructs.testing._authority import Authority

OUT = Path(__file__).resolve().parents[1] / "build" / "bench"
RUNS = 5
MESSAGES = 1_000
CALLS = 300
STACK_HOLDS = 30
"""Workers: a stack has at most 500 resources."""

HANDLER = """
import boto3
sts = boto3.client("sts")
def handler(event, context):
    if "call" in event:
        sts.get_caller_identity()
    return {"batchItemFailures": []}
"""


class Workers(Stack):
    """Some workers, each behind a queue."""

    def __init__(self, scope: Construct, id: str, count: int) -> None:
        """Define *count* of them."""
        super().__init__(scope, id)
        for number in range(count):
            worker = LambdaFunction(
                self,
                f"Worker{number}",
                code=lambda_.Code.from_inline(HANDLER),
                timeout=Duration.seconds(10),
                async_invoke=AsyncInvoke(),
            )
            queue = sqs.Queue(self, f"Queue{number}")
            worker.add_event_source(SqsEventSource(queue))


def workers(count: int) -> App:
    """Give an app that is not synthesized yet."""
    app = App(context={"aws:cdk:enable-path-metadata": True})
    for first in range(0, count, STACK_HOLDS):
        some = min(STACK_HOLDS, count - first)
        Workers(app, f"Workers{first // STACK_HOLDS}", some)
    return app


@contextmanager
def everything_allowed() -> Iterator[None]:
    """Let calls through unasked, as no user can."""
    with (
        patch.object(Authority, "_authorise", lambda *_: None),
        patch.object(Authority, "refuses", lambda *_: None),
    ):
        yield


def messages_per_second() -> float:
    """Deliver a thousand messages in batches of ten."""
    with LocalAccount() as account:
        shop = account.deploy(stack_of(workers(1)))
        shop.queue("Queue0").send(*range(MESSAGES))
        return MESSAGES / seconds(account.settle)


def invocations_per_second() -> float:
    """Invoke a warm function that makes one call of AWS."""
    with LocalAccount() as account:
        worker = account.deploy(stack_of(workers(1))).function("Worker0")

        def invoke() -> None:
            for _ in range(CALLS):
                worker.invoke({"call": True})

        worker.invoke({"call": True})
        return CALLS / seconds(invoke)


def failure_path_ms() -> float:
    """Fail an asynchronous event three times, three minutes of AWS's time."""
    with LocalAccount() as account:
        worker = account.deploy(stack_of(workers(1))).function("Worker0")
        worker.invoke({})
        worker.fail(times=3)
        worker.invoke_async({})
        return seconds(account.settle) * 1000


def deployment_seconds(count: int) -> float:
    """Deploy a cloud assembly that is synthesized already."""
    folder = workers(count).synth().directory
    with LocalAccount() as account:
        return seconds(lambda: account.deploy(folder))


def stack_of(app: App) -> Stack:
    """Give the only stack of *app*."""
    return cast("Stack", app.node.find_child("Workers0"))


def seconds(act: Callable[[], object]) -> float:
    """Time one call; `time.time()` is the account's, `perf_counter()` is not."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure() -> dict[str, float]:
    """Give the best of several runs; with and without authorisation take turns."""
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        for name, ask in (
            ("messages_per_second", messages_per_second),
            ("invocations_per_second", invocations_per_second),
        ):
            found.setdefault(name, []).append(ask())
            with everything_allowed():
                found.setdefault(f"{name}_unauthorised", []).append(ask())
    best = {name: max(each) for name, each in found.items()}
    best["failure_path_ms"] = min(failure_path_ms() for _ in range(RUNS))
    for count in (1, 10, 50):
        times = (deployment_seconds(count) for _ in range(RUNS))
        best[f"deployment_of_{count}_seconds"] = min(times)
    return best


def main() -> None:
    """Measure, print, and write `build/bench/testing.json`."""
    found = measure()
    table = Table("What", "Target", "Here", "Every call allowed", title="The test kit")
    for name, what, target in (
        ("messages_per_second", "messages through a queue, per second", "1,000"),
        ("invocations_per_second", "invocations with one call, per second", ""),
    ):
        without = found[f"{name}_unauthorised"]
        table.add_row(what, target, f"{found[name]:,.0f}", f"{without:,.0f}")
    failed = f"{found['failure_path_ms']:.0f} ms"
    table.add_row("asynchronous event, failed and kept", "under 50 ms", failed, "")
    for count in (1, 10, 50):
        target = "under 1 s" if count == 10 else ""
        took = f"{found[f'deployment_of_{count}_seconds']:.2f} s"
        table.add_row(f"deployment, functions: {count}", target, took, "")
    console = Console()
    console.print(table)
    machine = {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
    }
    console.print(", ".join(f"{name} {each}" for name, each in machine.items()))
    OUT.mkdir(parents=True, exist_ok=True)
    written = {"topic": "testing", "machine": machine, "best_of": RUNS, **found}
    (OUT / "testing.json").write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
