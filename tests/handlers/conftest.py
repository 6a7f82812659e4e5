"""Fixtures for handler tests: what Lambda hands to a handler beside its event."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest


@dataclass(kw_only=True)
class LambdaContext:
    """What Lambda's Python runtime passes; the time runs from its creation."""

    function_name: str = "worker"
    function_version: str = "1"
    memory_limit_in_mb: str = "256"
    timeout_in_millis: int = 10_000
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    log_stream_name: str = "2026/11/21/worker[1]c0ffee"
    identity: None = None
    client_context: None = None
    tenant_id: None = None
    started_at: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        account = "arn:aws:lambda:eu-west-1:123456789012"
        return f"{account}:function:{self.function_name}:live"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        spent = int((time.monotonic() - self.started_at) * 1000)
        return max(0, self.timeout_in_millis - spent)


@pytest.fixture(autouse=True)
def fresh_loggers() -> Iterator[None]:
    """Loggers live as long as the process, and Powertools keeps the first stdout."""
    known = set(logging.Logger.manager.loggerDict)
    yield
    for name in set(logging.Logger.manager.loggerDict) - known:
        if hasattr(logging.getLogger(name), "powertools_handler"):
            del logging.Logger.manager.loggerDict[name]
