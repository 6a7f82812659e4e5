"""Small stacks for the test kit to deploy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from lambda_constructs import LambdaFunction
from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.testing import LocalAccount
from lambda_constructs.testing.stack import DeployedStack

Deploy = Callable[..., DeployedStack]

# Each body says what becomes of it.
BY_BODY = """
import json, time
seen = []
def handler(event, context):
    failures = []
    for record in event["Records"]:
        body = record["body"]
        if body[0] in "{[0123456789":
            body = json.loads(body)
        seen.append(body)
        if body == "crash":
            raise RuntimeError("crash")
        if isinstance(body, dict) and "sleep" in body:
            time.sleep(body["sleep"])
        if body == "bad":
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
"""


@pytest.fixture
def deploy(account: LocalAccount) -> Deploy:
    """Deploy a worker of a queue whose handler is given as text."""

    def deploy(
        code: str = BY_BODY,
        *,
        function: dict[str, Any] | None = None,
        queue: dict[str, Any] | None = None,
        **source: Any,
    ) -> DeployedStack:
        stack = Stack(App(context=CONTEXT), "Shop")
        worker = make_function(stack, code, **(function or {}))
        worker.add_event_source(
            SqsEventSource(sqs.Queue(stack, "Queue", **(queue or {})), **source)
        )
        return account.deploy(stack)

    return deploy


CONTEXT = {"aws:cdk:enable-path-metadata": True}


def make_function(
    stack: Stack, code: str, id: str = "Worker", **options: Any
) -> LambdaFunction:
    given = {"timeout": Duration.seconds(10), **options}
    return LambdaFunction(stack, id, code=lambda_.Code.from_inline(code), **given)
