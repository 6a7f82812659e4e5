"""State machines: moto interprets them, the kit gives it time, roles and functions.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._processes import (
    FOREVER,
    Condition,
    Event,
    Lock,
    Processes,
    Thread,
)
from lambda_constructs.testing._service_roles import client_as
from lambda_constructs.testing._waiting import wait_for
from lambda_constructs.testing._workflow_interpreter import Interpreter
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

RUN_WORKFLOWS: Any = {"stepfunctions": {"execute_state_machine": True}}
"""moto interprets state machines only when it is asked to."""


TRACING = (
    "GetSamplingRules",
    "GetSamplingTargets",
    "PutTelemetryRecords",
    "PutTraceSegments",
)


@dataclass(frozen=True)
class Execution:
    """How an execution of a state machine went.

    Attributes:
        arn: Its ARN.
        status: `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `RUNNING`.
        output: Its output, where it succeeded.
        error: The error's name, where it failed.
        cause: What the error says of itself.
    """

    arn: str
    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class StateMachine:
    """A state machine, as those who start it see it."""

    account: LocalAccount
    arn: str
    path: str

    def start(self, input: object = None) -> str:
        """Start an execution and give its ARN; it runs as time passes."""
        text = json.dumps({} if input is None else input)
        started = self.account.client("stepfunctions").start_execution(
            stateMachineArn=self.arn, input=text, name=self._name()
        )
        return str(started["executionArn"])

    def run(self, input: object = None) -> Execution:
        """Start an execution and let time pass until it has ended."""
        arn = self.start(input)
        wait_for(self.account, lambda: self.execution(arn).status != "RUNNING", FOREVER)
        return self.execution(arn)

    def execution(self, arn: str) -> Execution:
        """Give how an execution goes."""
        client = self.account.client("stepfunctions")
        found = client.describe_execution(executionArn=arn)
        output = found.get("output")
        return Execution(
            arn,
            found["status"],
            json.loads(output) if output else None,
            found.get("error"),
            found.get("cause"),
        )

    def _name(self) -> str:
        return f"{self.account.random.getrandbits(64):016x}"


class Workflows:
    """Every state machine of an account."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.processes = Processes(account)
        self._machines: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
        self._interpreter: Interpreter | None = None
        self.traced: set[str] = set()
        account.observers.add("stepfunctions", "StartExecution", self._trace)

    def add(self, arn: str, path: str, role: str, definition: str) -> None:
        """Take note of a state machine that was created."""
        self._machines[arn] = (path, role, json.loads(definition))

    def definition(self, arn: str) -> Mapping[str, Any]:
        """Give a state machine's definition."""
        if arn not in self._machines:
            raise AccountError(f"there is no state machine {arn}")
        return self._machines[arn][2]

    def prepare(self) -> None:
        """Let moto's interpreter run on simulated time."""
        if self._interpreter is None:
            self._interpreter = Interpreter(self._replacements(), self._client)

    def _trace(self, params: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        """Send traces, where the role lets it.

        https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
        """
        arn = str(params["stateMachineArn"])
        if arn in self.traced:
            path, role, _definition = self._machines[arn]
            asked = [(f"xray:{each}", "*") for each in TRACING]
            self.account.authority.allows_service(role, path, asked)

    def close(self) -> None:
        """Stop what runs."""
        self.processes.close()
        if self._interpreter is not None:
            self._interpreter.close()

    def _client(self, service: str, role: str) -> Any:
        """Give a client that calls as the state machine that holds a role."""
        try:
            return self._client_of(service, role)
        except AccountError as error:
            # moto would make a failed state of it.
            if self.processes.current is not None:
                self.processes.current.error = error
            raise

    def _client_of(self, service: str, role: str) -> Any:
        holders = [arn for arn, each in self._machines.items() if each[1] == role]
        if not holders:
            raise UnmodelledError(f"no state machine holds {role}")
        return client_as(
            self.account,
            "states.amazonaws.com",
            role,
            service,
            path=self._machines[holders[0]][0],
            source_arn=holders[0],
        )

    def _replacements(self) -> Mapping[str, Any]:
        processes = self.processes

        def make(type: Callable[..., object]) -> Callable[..., object]:
            return partial(type, processes)

        threads = {
            "Condition": make(Condition),
            "Event": make(Event),
            "Lock": Lock,
            "RLock": Lock,
            "Thread": make(Thread),
        }
        return {
            **threads,
            "threading": SimpleNamespace(**threads),
            "time": SimpleNamespace(sleep=processes.sleep, time=time.time),
        }
