"""Runs handlers as Lambda's Python runtime does: cold, warm, late and broken."""

from __future__ import annotations

import importlib
import json
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lambda_constructs.testing._clock import SimulatedClock
from lambda_constructs.testing._isolation import Sandbox

RESPONSE_BYTES = 6_291_556
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB."""

INIT_SECONDS = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html: what
the first attempt to import may take; a second one has the function's timeout."""

LOOK_AFTER = 1.0
"""Every so many real seconds it is looked after a handler that still runs."""

HANGS_AFTER_CPU, HANGS_AFTER = 30.0, 120.0
"""What takes more CPU time or more real time than this, and than its timeout, hangs.

A slow machine needs neither for an invocation, since every wait is simulated.
"""

Kind = Literal["ok", "error", "timeout", "throttled"]


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    Attributes:
        kind: Whether the handler returned, failed, ran out of time or never ran.
        payload: What it returned, or Lambda's own account of the error.
        duration: How much time it took, simulated, in seconds.
        init: How much of it the import took, where the environment was new.
        cold: Whether the environment was new.
        logs: What it printed and logged.
    """

    kind: Kind
    payload: Any
    duration: float = 0.0
    cold: bool = False
    logs: str = ""
    init: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether Lambda reports a function error."""
        return self.kind in ("error", "timeout")


class TimedOutError(BaseException):
    """The time is up; no `except Exception` in a handler sees it."""


@dataclass
class LambdaContext:
    """What the runtime hands to a handler beside the event.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    remaining: Callable[[], int]
    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    identity: None = field(default=None, init=False)
    client_context: None = field(default=None, init=False)
    tenant_id: None = field(default=None, init=False)

    def get_remaining_time_in_millis(self) -> int:
        """Give the time that is left: simulated, less the CPU time that was used."""
        return self.remaining()


class Environment:
    """One execution environment of one version of a function."""

    def __init__(
        self,
        clock: SimulatedClock,
        task_root: Path,
        handler: str,
        variables: Mapping[str, str],
        timeout: float,
    ) -> None:
        self.clock = clock
        self.handler = handler
        self.timeout = timeout
        self.sandbox = Sandbox(task_root, variables)
        self.function: Callable[[Any, Any], Any] | None = None

    def invoke(
        self,
        payload: bytes,
        context: Mapping[str, str],
        fault: Callable[[], None] | None = None,
    ) -> Outcome:
        """Run the handler once; import it first if the environment is new."""
        start = self.clock.now()
        cold = self.function is None
        mark = self.sandbox.stdout.tell()
        kind: Kind = "ok"
        began = start

        with self.sandbox.entered():
            try:
                if self.function is None:
                    began = self._init(start)
                result = self._handle(payload, context, fault, began)
            except TimedOutError:
                kind, result = "timeout", self._timed_out(context)
            except _RuntimeError as error:
                kind, result = "error", error.report(context)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                kind, result = "error", _report(error, context)
        duration = self.clock.now() - start
        logs = self.sandbox.stdout.getvalue()[mark:]
        # The caller decides when, in simulated time, this ends.
        self.clock.move_to(start)
        return Outcome(kind, result, duration, cold, logs, began - start)

    def _init(self, start: float) -> float:
        """Import the handler, once more if that took too long; give when it ended.

        A second attempt is part of the invocation, with its timeout.
        """
        try:
            with self._deadline(start, INIT_SECONDS):
                self.function = self._load()
            return self.clock.now()
        except TimedOutError:
            self.sandbox.forget_modules()
        again = self.clock.now()
        with self._deadline(again, self.timeout):
            self.function = self._load()
        return again

    def _handle(
        self,
        payload: bytes,
        context: Mapping[str, str],
        fault: Callable[[], None] | None,
        began: float,
    ) -> Any:
        """Run the handler; the time since *began* counts."""
        assert self.function is not None  # noqa: S101
        cpu = time.process_time()

        def remaining() -> int:
            used = self.clock.now() - began + time.process_time() - cpu
            return max(0, int((self.timeout - used) * 1000))

        with self._deadline(began, self.timeout):
            if fault is not None:
                fault()
            lambda_context = LambdaContext(remaining, **context)
            return _serialise(self.function(json.loads(payload), lambda_context))

    def _load(self) -> Callable[[Any, Any], Any]:
        module_name, _, name = self.handler.rpartition(".")
        try:
            module = importlib.import_module(module_name.replace("/", "."))
        except ImportError as error:
            raise _RuntimeError(
                "Runtime.ImportModuleError",
                f"Unable to import module '{module_name}': {error}",
            ) from error
        except SyntaxError as error:
            raise _RuntimeError(
                "Runtime.UserCodeSyntaxError",
                f"Syntax error in module '{module_name}': {error}",
            ) from error
        function = getattr(module, name, None)
        if function is None:
            raise _RuntimeError(
                "Runtime.HandlerNotFound",
                f"Handler '{name}' missing on module '{module_name}'",
            )
        loaded: Callable[[Any, Any], Any] = function
        return loaded

    @contextmanager
    def _deadline(self, start: float, seconds: float) -> Iterator[None]:
        """Stop what sleeps past its time, in simulated time, and what hangs."""

        def before_sleep(length: float) -> None:
            if self.clock.now() + length - start >= seconds:
                raise TimedOutError

        try:
            with self.clock.sleeping(before_sleep), _watched(seconds):
                yield
        except TimedOutError:
            self.clock.move_to(start + seconds)
            raise

    def _timed_out(self, context: Mapping[str, str]) -> dict[str, str]:
        """https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html."""
        return {
            "errorType": "Sandbox.Timedout",
            "errorMessage": (
                f"RequestId: {context['aws_request_id']} Error: Task timed out after "
                f"{self.timeout:.2f} seconds"
            ),
        }


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """Stop what never returns, by the CPU time that it uses or the time it waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    cpu, real = time.process_time(), time.perf_counter()

    def look(*_: object) -> None:
        if time.process_time() - cpu > max(
            seconds, HANGS_AFTER_CPU
        ) or time.perf_counter() - real > max(seconds, HANGS_AFTER):
            raise TimedOutError

    previous = signal.signal(signal.SIGALRM, look)
    # A caller that waits for this handler has an alarm of its own.
    callers = signal.setitimer(signal.ITIMER_REAL, LOOK_AFTER, LOOK_AFTER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *callers)
        signal.signal(signal.SIGALRM, previous)


class _RuntimeError(Exception):
    """A fault that Lambda's runtime reports in its own words."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type

    def report(self, context: Mapping[str, str]) -> dict[str, Any]:
        return {
            "errorMessage": str(self),
            "errorType": self.type,
            "requestId": context["aws_request_id"],
            "stackTrace": [],
        }


def _report(error: BaseException, context: Mapping[str, str]) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": context["aws_request_id"],
        "stackTrace": traceback.format_list(frames),
    }


def _serialise(result: object) -> Any:
    try:
        text = json.dumps(result, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise _RuntimeError(
            "Runtime.MarshalError",
            f"Unable to marshal response: {error}",
        ) from error
    size = len(text.encode())
    if size > RESPONSE_BYTES:
        raise _RuntimeError(
            "Function.ResponseSizeTooLarge",
            f"Response payload size ({size} bytes) exceeded maximum allowed payload "
            f"size ({RESPONSE_BYTES} bytes).",
        )
    return json.loads(text)
