"""Lambda's Invoke API, for handlers, tests and the services that hold a role.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.response import StreamingBody

from lambda_constructs.testing._functions import (
    ASYNCHRONOUS_BYTES,
    SYNCHRONOUS_BYTES,
    FunctionState,
)
from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

MOST = {"RequestResponse": SYNCHRONOUS_BYTES, "Event": ASYNCHRONOUS_BYTES}
TAIL_BYTES = 4096

UNMODELLED = ("ClientContext", "DurableExecutionName", "TenantId")
"""Parameters that would have to reach the handler."""


class InvokeApi:
    """Answers `lambda:Invoke`; whoever calls has been authorised before.

    A throttled call fails as if the SDK's own retries were used up.
    """

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        account.served.add("lambda", "Invoke", self.invoke)
        for name in ("InvokeAsync", "InvokeWithResponseStream"):
            account.served.add("lambda", name, _unmodelled(name))

    def invoke(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Invoke a function as the parameters say."""
        for name in UNMODELLED:
            if params.get(name) is not None:
                raise UnmodelledError(f"{name} of lambda.invoke is not modelled")
        function, qualifier = self._target(params)
        kind = params.get("InvocationType", "RequestResponse")
        event = self._event(params.get("Payload"), kind)
        if kind == "DryRun":
            return {"StatusCode": 204, "Payload": _stream(b"")}
        if kind == "Event":
            self.account.asynchronous.accept(function, qualifier, event)
            return {"StatusCode": 202, "Payload": _stream(b"")}
        return self._wait(function, qualifier, event, params.get("LogType"))

    def _target(self, params: Mapping[str, Any]) -> tuple[FunctionState, str]:
        name = str(params["FunctionName"])
        try:
            function, qualifier = self.account.function_and_qualifier(name)
            qualifier = params.get("Qualifier") or qualifier
            function.version_of(qualifier)
        except AccountError:
            whole = ":".join(filter(None, (name, params.get("Qualifier"))))
            if not whole.startswith("arn:"):
                whole = whole.split(":function:")[-1]
                place = f"{self.account.region}:{self.account.id}"
                whole = f"arn:aws:lambda:{place}:function:{whole}"
            text = f"Function not found: {whole}"
            code = "ResourceNotFoundException"
            raise ApiError(code, text, 404, Type="User") from None
        return function, qualifier

    def _event(self, payload: Any, kind: str) -> Any:
        """Read a payload; the handler gets an empty object where there is none."""
        if hasattr(payload, "read"):
            payload = payload.read()
        body = payload.encode() if isinstance(payload, str) else bytes(payload or b"")
        most = MOST.get(kind, SYNCHRONOUS_BYTES)
        if len(body) > most:
            text = f"Request must be smaller than {most} bytes for the Invoke operation"
            raise ApiError("RequestTooLargeException", text, 413, Type="User")
        try:
            return json.loads(body) if body else {}
        except ValueError as error:
            text = f"Could not parse request body into json: {error}"
            code = "InvalidRequestContentException"
            raise ApiError(code, text, 400, Type="User") from None

    def _let_pass(self, function: FunctionState, duration: float) -> None:
        """Let the caller wait, which may take more than its own time."""
        processes = self.account.workflows.processes
        function.running += 1
        try:
            if processes.current is None or self.account.clock.in_handler:
                time.sleep(duration)
            else:
                processes.sleep(duration)
        finally:
            function.running -= 1

    def _wait(
        self, function: FunctionState, qualifier: str, event: Any, log_type: str | None
    ) -> Mapping[str, Any]:
        outcome = function.invoke(event, qualifier)
        if outcome.kind == "throttled":
            reserved = function.reserved is not None
            why = "ReservedFunctionConcurrent" if reserved else "Concurrent"
            raise ApiError(
                "TooManyRequestsException",
                "Rate Exceeded.",
                429,
                Reason=f"{why}InvocationLimitExceeded",
                Type="User",
            )
        invocation = function.invocations[-1]
        self._let_pass(function, outcome.duration)
        answer: dict[str, Any] = {
            "StatusCode": 200,
            "ExecutedVersion": invocation.version,
            "Payload": _stream(json.dumps(outcome.payload).encode()),
        }
        if outcome.failed:
            answer["FunctionError"] = "Unhandled"
        if log_type == "Tail":
            id = f"RequestId: {invocation.request_id}"
            lines = f"START {id} Version: {invocation.version}\n{outcome.logs}"
            whole = f"{lines.rstrip()}\nEND {id}\n".encode()[-TAIL_BYTES:]
            answer["LogResult"] = base64.b64encode(whole).decode()
        return answer


def _stream(body: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(body), len(body))


def _unmodelled(operation: str) -> Any:
    def refuse(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise UnmodelledError(f"lambda.{operation} is not modelled; use Invoke")

    return refuse
