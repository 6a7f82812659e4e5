"""How fast the test kit is: messages, the asynchronous failure path, deployment.

Run it by `python -m benchmarks.testing`. Best of several runs, on this machine, with
whatever else it is doing; authorisation is always on.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import cast

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

RUNS = 5
MESSAGES = 1_000
HANDLER = "def handler(event, context): return {'batchItemFailures': []}"


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


def workers(count: int) -> Workers:
    """Give a stack that is not synthesized yet."""
    app = App(context={"aws:cdk:enable-path-metadata": True})
    return Workers(app, "Workers", count)


def messages_per_second() -> float:
    """Deliver a thousand messages in batches of ten."""
    with LocalAccount() as account:
        shop = account.deploy(workers(1))
        shop.queue("Queue0").send(*range(MESSAGES))
        spent = seconds(account.settle)
    return MESSAGES / spent


def failure_path_ms() -> float:
    """Fail an asynchronous event three times, three minutes of AWS's time."""
    with LocalAccount() as account:
        worker = account.deploy(workers(1)).function("Worker0")
        worker.invoke({})
        worker.fail(times=3)
        worker.invoke_async({})
        return seconds(account.settle) * 1000


def deployment_seconds(count: int) -> float:
    """Deploy a cloud assembly that is synthesized already."""
    stack = workers(count)
    folder = cast("App", stack.node.root).synth().directory
    with LocalAccount() as account:
        return seconds(lambda: account.deploy(folder))


def seconds(act: Callable[[], object]) -> float:
    """Time one call; `time.time()` is the account's, `perf_counter()` is not."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    best = range(RUNS)
    rows = [
        (
            "messages through a queue, per second",
            "1,000 or more",
            f"{max(messages_per_second() for _ in best):,.0f}",
        ),
        (
            "asynchronous event, failed and kept",
            "under 50 ms",
            f"{min(failure_path_ms() for _ in best):.0f} ms",
        ),
        *(
            (
                f"deployment, functions: {count}",
                "under 1 s" if count == 10 else "",
                f"{min(deployment_seconds(count) for _ in best):.2f} s",
            )
            for count in (1, 10, 30)  # a stack holds 500 resources
        ),
    ]
    table = Table("What", "Target", "Here", title="The test kit")
    for row in rows:
        table.add_row(*row)
    console = Console()
    console.print(table)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    console.print(f"Best of {RUNS}, Python {platform.python_version()}, {machine}")


if __name__ == "__main__":
    main()
