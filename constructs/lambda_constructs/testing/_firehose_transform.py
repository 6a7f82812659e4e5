"""Firehose's transformation by a function.

https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

RESULTS = ("Ok", "Dropped", "ProcessingFailed")
LIMIT = 300.0
"""A transformation that takes longer has timed out."""

DENIED = "Lambda.InvokeAccessDenied"


@dataclass(frozen=True)
class Record:
    """A record on its way.

    Attributes:
        id: What the function knows it by.
        data: Its content.
        arrived: When it came, in seconds since 1970.
        partitions: The partition keys that the function gave it.
    """

    id: str
    data: bytes
    arrived: float
    partitions: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Transformed:
    """What became of a batch: what goes on, and what failed why."""

    good: list[Record] = field(default_factory=list)
    failed: list[tuple[Record, str, str, int]] = field(default_factory=list)


class _FailedError(Exception):
    """The invocation failed; the batch is tried again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Transformation:
    """The Lambda processor of a delivery stream."""

    def __init__(
        self,
        account: LocalAccount,
        arn: str,
        parameters: Mapping[str, str],
        client: Callable[[str, str], Any],
    ) -> None:
        self.account = account
        self.function = parameters["LambdaArn"]
        self.retries = int(parameters.get("NumberOfRetries", 3))
        self.bytes = float(parameters.get("BufferSizeInMBs", 1)) * 1024 * 1024
        self.seconds = float(parameters.get("BufferIntervalInSeconds", 60))
        self._arn = arn
        self.role = parameters.get("RoleArn", "")
        self._client = client

    def run(self, records: Sequence[Record]) -> Transformed:
        """Invoke the function, again if need be, and sort what it returns."""
        event = self._event(records)
        error = _FailedError("", "")
        for _ in range(1 + self.retries):
            try:
                return _sorted(records, self._invoke(event))
            except _FailedError as failed:
                error = failed
        failed_all = [
            (each, error.code, str(error), 1 + self.retries) for each in records
        ]
        return Transformed(failed=failed_all)

    def _event(self, records: Sequence[Record]) -> dict[str, Any]:
        return {
            "invocationId": f"{self.account.random.getrandbits(128):032x}",
            "deliveryStreamArn": self._arn,
            "region": self.account.region,
            "records": [
                {
                    "recordId": each.id,
                    "approximateArrivalTimestamp": int(each.arrived * 1000),
                    "data": base64.b64encode(each.data).decode(),
                }
                for each in records
            ],
        }

    def _invoke(self, event: Mapping[str, Any]) -> Any:
        client = self._client("lambda", self.role)
        began = self.account.clock.now()
        try:
            answer = client.invoke(
                FunctionName=self.function, Payload=json.dumps(event)
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            named = CODES.get(code)
            if named is None:
                raise UnmodelledError(f"{code} from Lambda is not modelled") from error
            raise _FailedError(named, str(error)) from None
        payload = json.load(answer["Payload"])
        if self.account.clock.now() - began > LIMIT:
            raise _FailedError("Lambda.FunctionTimedOut", "it took over 5 minutes")
        if "FunctionError" in answer:
            raise _FailedError("Lambda.FunctionError", payload["errorMessage"])
        return payload


def _sorted(records: Sequence[Record], payload: Any) -> Transformed:
    """Take each record's result; a bad response fails those that it is bad for."""
    result = Transformed()
    listed = payload.get("records") if isinstance(payload, dict) else None
    if not isinstance(listed, list):
        for each in records:
            text = "the response has no records"
            result.failed.append((each, "Lambda.InvalidResponse", text, 1))
        return result
    by_id: dict[str, list[Any]] = {}
    for returned in listed:
        by_id.setdefault(str(returned.get("recordId")), []).append(returned)
    for each in records:
        found = by_id.get(each.id, [])
        if len(found) != 1:
            code = "Lambda.DuplicatedRecordId" if found else "Lambda.MissingRecordId"
            text = f"the response has {len(found)} records of this id"
            result.failed.append((each, code, text, 1))
        else:
            _take(result, each, found[0])
    return result


def _take(result: Transformed, record: Record, returned: Mapping[str, Any]) -> None:
    status = returned.get("result")
    if status == "Dropped":
        return
    if status != "Ok":
        code = "Lambda.ProcessingFailedStatus"
        if status not in RESULTS:
            code = "Lambda.InvalidResult"
        text = f"the function returned {status!r}"
        result.failed.append((record, code, text, 1))
        return
    try:
        data = base64.b64decode(returned["data"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        text = f"data is not base64: {error}"
        result.failed.append((record, "Lambda.InvalidData", text, 1))
        return
    keys = (returned.get("metadata") or {}).get("partitionKeys") or {}
    result.good.append(Record(record.id, data, record.arrived, keys))


CODES = {
    "AccessDeniedException": DENIED,
    "RequestTooLargeException": "Lambda.RequestTooLarge",
    "ResourceNotFoundException": "Lambda.ResourceNotFound",
    "TooManyRequestsException": "Lambda.InvokeLimitExceeded",
}
