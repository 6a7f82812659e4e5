"""Functions, their versions and aliases, and how many of each run at once."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._runtime import Environment, Outcome
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._faults import Fault, Faults
    from lambda_constructs.testing.account import LocalAccount

ACCOUNT_CONCURRENCY = 1_000
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

SYNCHRONOUS_BYTES = 6_291_556
ASYNCHRONOUS_BYTES = 1_048_576
"""The same page: the payload of a request."""


TRACES: Mapping[str, Mapping[str, Any]] = {
    "PutTelemetryRecords": {"TelemetryRecords": []},
    "PutTraceSegments": {"TraceSegmentDocuments": []},
}
"""What Lambda sends to X-Ray; authorised, and not kept."""


@dataclass
class Alias:
    """A name for a version, with weights for others."""

    name: str
    version: str
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Invocation:
    """One run of a handler, as it went.

    Attributes:
        at: When it began, in seconds since the account was made.
        request_id: What the context and the logs name it by.
        event: What the handler got.
        outcome: How it ended.
        qualifier: What the caller named: an alias or a version.
        version: The version that ran.
    """

    at: float
    request_id: str
    event: Any
    outcome: Outcome
    qualifier: str
    version: str


class FunctionState:
    """A function as Lambda keeps it."""

    def __init__(
        self,
        account: LocalAccount,
        path: str,
        name: str,
        properties: Mapping[str, Any],
        task_root: Path,
        faults: Faults,
    ) -> None:
        self.account = account
        self.path = path
        self.name = name
        self.properties = properties
        self.task_root = task_root
        self.faults = faults
        self.role_arn = str(properties["Role"])
        self.timeout = float(properties.get("Timeout", 3))
        self.reserved: int | None = properties.get("ReservedConcurrentExecutions")
        self.versions = ["$LATEST"]
        self.code: dict[str, Path] = {}
        self.aliases: dict[str, Alias] = {}
        self.permissions: dict[str, list[dict[str, Any]]] = {}
        self.running = 0
        self.invocations: list[Invocation] = []
        self._idle: dict[str, list[Environment]] = {}
        self._random = random.Random(f"{account.seed}/{path}")  # noqa: S311

    @property
    def is_python(self) -> bool:
        """Whether the kit can run it; CDK's own helpers are in Node.js."""
        return str(self.properties.get("Runtime", "python")).startswith("python")

    @property
    def arn(self) -> str:
        """The ARN without a qualifier."""
        return f"arn:aws:lambda:{self.account.region}:{self.account.id}:function:" + (
            self.name
        )

    def arn_of(self, qualifier: str) -> str:
        """Give the ARN that a caller of this qualifier names."""
        return self.arn if qualifier == "$LATEST" else f"{self.arn}:{qualifier}"

    @property
    def log_group(self) -> str:
        """Where it logs."""
        named = self.properties.get("LoggingConfig", {}).get("LogGroup")
        return str(named or f"/aws/lambda/{self.name}")

    def publish(self, task_root: Path | None = None) -> str:
        """Publish a version, of other code than those before where it is given."""
        if task_root is not None:
            for version in self.versions[1:]:
                self.code.setdefault(version, self.task_root)
            self.task_root = task_root
            self._idle.pop("$LATEST", None)
        self.versions.append(str(len(self.versions)))
        return self.versions[-1]

    def configure(self, properties: Mapping[str, Any]) -> None:
        """Take other properties, as an update does; environments begin anew."""
        self.properties = properties
        self._idle.clear()

    def version_of(self, qualifier: str) -> str:
        """Choose the version that a qualifier stands for now.

        Raises:
            AccountError: There is no such alias or version.
        """
        if qualifier in self.versions:
            return qualifier
        if qualifier not in self.aliases:
            raise AccountError(
                f"{self.path} has no alias or version {qualifier!r}; it has "
                f"{', '.join([*self.aliases, *self.versions])}"
            )
        alias = self.aliases[qualifier]
        point = self._random.random()
        for version, weight in alias.weights.items():
            if point < weight:
                return version
            point -= weight
        return alias.version

    @property
    def throttled(self) -> bool:
        """Whether one more invocation would be over the limit."""
        limit = ACCOUNT_CONCURRENCY if self.reserved is None else self.reserved
        return self.running >= int(limit)

    def invoke(self, event: Any, qualifier: str) -> Outcome:
        """Run the handler now; the caller takes the outcome when its time is over."""
        fault = self.faults.take(self)
        if fault == "twice":
            # Lambda delivers at least once: the caller sees the second of the two.
            self._invoke_once(event, qualifier, None)
            fault = None
        return self._invoke_once(event, qualifier, fault)

    def _invoke_once(self, event: Any, qualifier: str, fault: Fault | None) -> Outcome:
        request_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        version = self.version_of(qualifier)
        measured = self.account.measured
        if self.throttled or fault == "throttle":
            measured.count(self, qualifier, Throttles=1)
            outcome = Outcome(
                "throttled",
                {"errorType": "TooManyRequestsException", "Reason": "Rate Exceeded"},
            )
        else:
            self.running += 1
            try:
                outcome = self._run(event, qualifier, version, request_id, fault)
                measured.count(
                    self,
                    qualifier,
                    version,
                    Invocations=1,
                    Errors=int(outcome.failed),
                    Duration=(outcome.duration - outcome.init) * 1000,
                    ConcurrentExecutions=self.running,
                )
            finally:
                self.running -= 1
        self.account.note(self.path, "invoked", _summary(outcome))
        self.invocations.append(
            Invocation(
                self.account.elapsed(), request_id, event, outcome, qualifier, version
            )
        )
        return outcome

    def _run(
        self,
        event: Any,
        qualifier: str,
        version: str,
        request_id: str,
        fault: Fault | None,
    ) -> Outcome:
        pool = self._idle.setdefault(version, [])
        if fault == "cold":
            pool.clear()
        if not pool and (refused := self._variables_refused()) is not None:
            return refused
        environment = pool.pop() if pool else self._new_environment(version)
        outcome = environment.invoke(
            json.dumps(event).encode(),
            {
                "function_name": self.name,
                "function_version": version,
                "invoked_function_arn": self.arn_of(qualifier),
                "memory_limit_in_mb": str(self.properties.get("MemorySize", 128)),
                "aws_request_id": request_id,
                "log_group_name": self.log_group,
                "log_stream_name": environment.sandbox.variables[
                    "AWS_LAMBDA_LOG_STREAM_NAME"
                ],
            },
            self.faults.act(fault),
        )
        self._observe(environment, outcome)
        # A timeout or a failed start ends the environment; an error does not.
        if outcome.kind != "timeout" and environment.function is not None:
            pool.append(environment)
        return outcome

    def _variables_refused(self) -> Outcome | None:
        """Decrypt the variables as Lambda does, under the role, for a new environment.

        Lambda's grant for the role that it first saw would allow it as well; a role
        that is made anew has none, and so the kit has none either.

        https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
        """
        key = self.properties.get("KmsKeyArn")
        if not key or not self.properties.get("Environment"):
            return None
        context = {"aws:lambda:FunctionArn": self.arn}
        params = {"KeyId": str(key), "EncryptionContext": context}
        denial = self.account.authority.refuses(self, "kms", "Decrypt", params)
        if denial is None:
            return None
        words = (
            "Lambda was unable to decrypt the environment variables because KMS "
            f"access was denied: {denial.action} on {denial.resource}"
        )
        error = {"errorType": "KMSAccessDeniedException", "errorMessage": words}
        return Outcome("error", error, cold=True)

    def _observe(self, environment: Environment, outcome: Outcome) -> None:
        """Send logs and traces, as Lambda does under the function's role."""
        stream = {
            "logGroupName": self.log_group,
            "logStreamName": environment.sandbox.variables[
                "AWS_LAMBDA_LOG_STREAM_NAME"
            ],
        }
        if outcome.cold and self.account.has_log_group(self.log_group):
            self.account.as_lambda(self, "logs", "CreateLogStream", stream)
        now = int(self.account.clock.now() * 1000)
        lines = [
            {"timestamp": now, "message": line}
            for line in outcome.logs.splitlines()
            if line.strip()
        ]
        if lines and self.account.has_log_group(self.log_group):
            sent = {**stream, "logEvents": lines}
            if self.account.as_lambda(self, "logs", "PutLogEvents", sent):
                self.account.measured.read_logs(outcome.logs)
        if self.properties.get("TracingConfig", {}).get("Mode") == "Active":
            for operation, params in TRACES.items():
                self.account.authority.refuses(self, "xray", operation, params)

    def _new_environment(self, version: str) -> Environment:
        root = self.code.get(version, self.task_root)
        key = self.account.authority.session_key(self)
        stream = (
            f"{self.account.today()}/[{version}]{self._random.getrandbits(128):032x}"
        )
        handler = str(self.properties["Handler"])
        given = self.properties.get("Environment", {}).get("Variables", {})
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        variables = {
            **{name: str(value) for name, value in given.items()},
            "AWS_ACCESS_KEY_ID": key,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto knows no such hosts
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{self.properties.get('Runtime', '')}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(
                self.properties.get("MemorySize", 128)
            ),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_REGION": self.account.region,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "testing",
            "LAMBDA_TASK_ROOT": str(root),
            "TZ": ":UTC",
            "_HANDLER": handler,
        }
        return Environment(self.account.clock, root, handler, variables, self.timeout)


def check_size(event: Any, most: int) -> None:
    """Refuse a payload that Lambda would refuse.

    Raises:
        AccountError: It is too large.
    """
    size = len(json.dumps(event).encode())
    if size > most:
        raise AccountError(
            f"the payload must be at most {most:,} bytes, got {size:,}; "
            "put it into a bucket and send its key"
        )


def _summary(outcome: Outcome) -> str:
    start = " cold" if outcome.cold else ""
    if outcome.kind == "ok":
        return f"ok in {outcome.duration:.3f} s{start}"
    if outcome.kind != "error":
        return f"{outcome.kind} after {outcome.duration:.3f} s{start}"
    what = str(outcome.payload["errorMessage"]).partition("\n")[0]
    return f"{outcome.payload['errorType']}: {what}{start}"


__all__ = ["Alias", "FunctionState", "Invocation"]
