"""What CloudWatch gets: from Lambda itself, by PutMetricData, and out of logs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambda_constructs.errors import nearest
from lambda_constructs.testing._moto import messages_of
from lambda_constructs.testing.errors import AccountError
from lambda_constructs.testing.metrics import Metric, Series

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

LAMBDA = "AWS/Lambda"
SQS = "AWS/SQS"
VISIBLE = "ApproximateNumberOfMessagesVisible"
UNITS = {
    "AsyncEventAge": "Milliseconds",
    "Duration": "Milliseconds",
    "IteratorAge": "Milliseconds",
}
OF_FUNCTIONS = {
    "AsyncEventAge",
    "AsyncEventsDropped",
    "AsyncEventsReceived",
    "ConcurrentExecutions",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "Duration",
    "Errors",
    "Invocations",
    "IteratorAge",
    "Throttles",
    "Url4xxCount",
    "Url5xxCount",
    "UrlRequestCount",
}
OF_MAPPINGS = {
    "DeletedEventCount",
    "DroppedEventCount",
    "FailedInvokeEventCount",
    "FilteredOutEventCount",
    "InvokedEventCount",
    "OnFailureDestinationDeliveredEventCount",
    "PolledEventCount",
}
OF_APIS = {"4XXError", "4xx", "5XXError", "5xx", "Count"}
MEASURED = {
    LAMBDA: OF_FUNCTIONS | OF_MAPPINGS,
    SQS: {VISIBLE},
    "AWS/ApiGateway": OF_APIS,
}
"""What of AWS's own metrics the kit tells, by namespace."""

Dimensions = Mapping[str, str]


@dataclass(frozen=True)
class _Entry:
    """A value, and each of the metrics that it belongs to."""

    at: float
    namespace: str
    name: str
    value: float
    unit: str
    dimensions: Sequence[Dimensions]
    function: str | None = None


class Metrics:
    """Every value in the account."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._entries: list[_Entry] = []
        self._known: dict[tuple[str, str, str], Sequence[Dimensions]] = {}
        account.observers.add("cloudwatch", "PutMetricData", self._put)

    def count(
        self,
        function: FunctionState,
        qualifier: str,
        version: str = "",
        **values: float,
    ) -> None:
        """Take what Lambda tells of one qualifier of a function, by metric."""
        dimensions = self._of(function.name, qualifier, version)
        at = self.account.clock.now()
        for name, value in values.items():
            self._entries.append(
                _Entry(
                    at,
                    LAMBDA,
                    name,
                    value,
                    UNITS.get(name, "Count"),
                    dimensions,
                    function.name,
                )
            )

    def take(
        self,
        namespace: str,
        dimensions: Sequence[Dimensions],
        values: Mapping[str, float],
    ) -> None:
        """Take what another service tells of itself, by metric."""
        at = self.account.clock.now()
        self._entries.extend(
            _Entry(at, namespace, name, value, "Count", dimensions)
            for name, value in values.items()
        )

    def count_mapping(
        self, function: FunctionState, uuid: str, name: str, value: float
    ) -> None:
        """Take what Lambda tells of an event source mapping."""
        dimensions = [{"EventSourceMappingUUID": uuid}]
        at = self.account.clock.now()
        self._entries.append(
            _Entry(at, LAMBDA, name, value, "Count", dimensions, function.name)
        )

    def read_logs(self, lines: str) -> None:
        """Take the metrics that a log holds in the embedded metric format."""
        for line in lines.splitlines():
            if '"_aws"' in line:
                self._entries.extend(_embedded(line))

    def find(
        self,
        name: str,
        *,
        namespace: str = LAMBDA,
        dimensions: Dimensions | None = None,
    ) -> Series:
        """Give one metric: these dimensions, no more and no less.

        Raises:
            AccountError: Lambda has no such metric, or the kit does not know it.
        """
        wanted = dict(dimensions or {})
        if namespace == LAMBDA:
            _check(name)
        entries = self._entries
        if (namespace, name) == (SQS, VISIBLE):
            entries = self._depth(wanted)
        return self._series(
            (each, wanted)
            for each in entries
            if (each.namespace, each.name) == (namespace, name)
            and wanted in each.dimensions
        )

    def _depth(self, dimensions: Dimensions) -> list[_Entry]:
        """Give what SQS would tell of a queue at this minute, as it does each minute.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
        """
        queue = dimensions.get("QueueName")
        if queue is None:
            return []
        waiting = sum(each.visible for each in messages_of(self.account, queue))
        of = [{"QueueName": queue}]
        return [_Entry(self.account.clock.now(), SQS, VISIBLE, waiting, "Count", of)]

    def of_function(self, function: FunctionState, name: str) -> Series:
        """Give a metric of a function, whatever its qualifier, or of its mappings.

        Raises:
            AccountError: Lambda has no such metric, or the kit does not know it.
        """
        _check(name)
        if name in OF_FUNCTIONS:
            return self.find(name, dimensions={"FunctionName": function.name})
        return self._series(
            (each, each.dimensions[0])
            for each in self._entries
            if (each.function, each.name) == (function.name, name)
        )

    def _series(self, found: Iterator[tuple[_Entry, Dimensions]]) -> Series:
        start = self.account.clock.start
        return Series(
            Metric(
                each.at - start, each.namespace, each.name, each.value, each.unit, of
            )
            for each, of in found
        )

    def _of(self, name: str, qualifier: str, version: str) -> Sequence[Dimensions]:
        """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html."""
        key = (name, qualifier, version)
        if key not in self._known:
            whole = name if qualifier == "$LATEST" else f"{name}:{qualifier}"
            function = {"FunctionName": name}
            resource = {**function, "Resource": whole}
            dimensions = [{}, function, resource]
            if version not in ("", qualifier):
                dimensions.append({**resource, "ExecutedVersion": version})
            self._known[key] = dimensions
        return self._known[key]

    def _put(self, params: Mapping[str, Any], _: object) -> None:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html."""
        now = self.account.clock.now()
        for datum in params.get("MetricData", []):
            given = datum.get("Dimensions", [])
            dimensions = [{each["Name"]: each["Value"] for each in given}]
            at = _seconds(datum.get("Timestamp", now))
            unit = str(datum.get("Unit", "None"))
            self._entries.extend(
                _Entry(
                    at,
                    str(params["Namespace"]),
                    datum["MetricName"],
                    value,
                    unit,
                    dimensions,
                )
                for value in _values(datum)
            )


class FunctionMetrics:
    """The metrics of one function, by name."""

    def __init__(self, metrics: Metrics, function: FunctionState) -> None:
        self._metrics = metrics
        self._function = function

    def __getitem__(self, name: str) -> Series:
        """Give what CloudWatch has under the function's name, or of its mappings.

        Raises:
            AccountError: Lambda has no such metric, or the kit does not know it.
        """
        return self._metrics.of_function(self._function, name)


def _check(name: str) -> None:
    known = OF_FUNCTIONS | OF_MAPPINGS
    if name not in known:
        raise AccountError(
            f"{name!r} is no metric of Lambda that the kit knows"
            + (nearest(name, known) or f"; it knows {', '.join(sorted(known))}")
        )


def _values(datum: Mapping[str, Any]) -> Iterator[float]:
    """Give the values of a datum; of statistics some that have the same."""
    if "Value" in datum:
        yield float(datum["Value"])
    for value, count in zip(
        datum.get("Values", []),
        datum.get("Counts", [1.0] * len(datum.get("Values", []))),
        strict=True,
    ):
        yield from [float(value)] * int(count)
    if "StatisticValues" in datum:
        given = {key: float(each) for key, each in datum["StatisticValues"].items()}
        ends = [given["Minimum"], given["Maximum"]][: int(given["SampleCount"])]
        between = int(given["SampleCount"]) - len(ends)
        yield from ends
        yield from [(given["Sum"] - sum(ends)) / between] * between if between else []


def _embedded(line: str) -> Iterator[_Entry]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html."""
    try:
        record = json.loads(line)
        metadata = record["_aws"]
        for directive in metadata["CloudWatchMetrics"]:
            sets = directive.get("Dimensions", [[]])
            dimensions = [{key: str(record[key]) for key in each} for each in sets]
            for metric in directive["Metrics"]:
                found = record[metric["Name"]]
                for value in found if isinstance(found, list) else [found]:
                    yield _Entry(
                        metadata["Timestamp"] / 1000,
                        directive["Namespace"],
                        metric["Name"],
                        float(value),
                        metric.get("Unit", "None"),
                        dimensions,
                    )
    except (KeyError, TypeError, ValueError):
        return  # CloudWatch keeps such a line as a log, and no more


def _seconds(when: Any) -> float:
    if isinstance(when, datetime):
        return when.timestamp()
    if isinstance(when, str):
        return datetime.fromisoformat(when).timestamp()
    return float(when)
