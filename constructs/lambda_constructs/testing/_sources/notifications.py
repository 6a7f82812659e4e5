"""The notification configuration of a bucket, and a change of an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from lambda_constructs.testing._iam import Principal
from lambda_constructs.testing._push import InvokeRefusedError, check_allowed
from lambda_constructs.testing._sources.senders import DeliveryError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

MODELLED = (
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectCreated:Copy",
    "ObjectCreated:Put",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
)

# In the template and in the API.
LISTS = (
    ("LambdaConfigurations", "Function"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "Queue"),
    ("QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "Topic"),
    ("TopicConfigurations", "TopicArn"),
)


@dataclass(frozen=True)
class Change:
    """What happened to an object; one that is gone has no size."""

    bucket: str
    key: str
    name: str
    operation: str
    size: int | None = None
    tag: str = ""
    version: str | None = None

    def detail(self, requester: str, sequencer: str) -> dict[str, Any]:
        """Give the detail of the event on the bus.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        """
        stored: dict[str, Any] = {"key": self.key}
        if self.size is not None:
            stored |= {"size": self.size, "etag": self.tag}
        if self.version:
            stored["version-id"] = self.version
        marked = self.name.endswith("DeleteMarkerCreated")
        deletion = "Delete Marker Created" if marked else "Permanently Deleted"
        return {
            "version": "0",
            "bucket": {"name": self.bucket},
            "object": {**stored, "sequencer": sequencer},
            "request-id": sequencer[-16:],
            "requester": requester,
            "source-ip-address": "127.0.0.1",
            "reason": self.operation,
            **({"deletion-type": deletion} if self.size is None else {}),
        }


@dataclass(frozen=True)
class Notification:
    """One destination, and what it is told of."""

    id: str
    target: str
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{', '.join(self.events)} for {self.prefix}*{self.suffix}"

    @property
    def service(self) -> str:
        """The service of the destination."""
        return self.target.split(":")[2]

    def wants(self, name: str, key: str) -> bool:
        """Tell whether it is told of this."""
        fits = key.startswith(self.prefix) and key.endswith(self.suffix)
        return fits and any(_covers(each, name) for each in self.events)

    def overlaps(self, other: Notification) -> bool:
        """Tell whether one event could be for both."""
        same = any(
            _covers(one, two) or _covers(two, one)
            for one in self.events
            for two in other.events
        )
        return (
            same
            and _either(str.startswith, self.prefix, other.prefix)
            and _either(str.endswith, self.suffix, other.suffix)
        )

    def check_function(self, account: LocalAccount, source: str) -> None:
        """Ask a function whether the bucket may invoke it.

        Raises:
            DeliveryError: It may not.
        """
        function, qualifier = account.function_and_qualifier(self.target)
        context = {"aws:SourceArn": source, "aws:SourceAccount": account.id}
        principal = Principal.service("s3.amazonaws.com")
        try:
            check_allowed(account, principal, function, qualifier, context)
        except InvokeRefusedError as error:
            raise DeliveryError("NO_PERMISSIONS", str(error)) from None

    def unmodelled(self) -> Iterator[str]:
        """Give the events that the kit never sends."""
        for each in self.events:
            if not any(_covers(each, known) for known in MODELLED):
                yield each


@dataclass(frozen=True)
class Configuration:
    """What a bucket notifies of."""

    notifications: tuple[Notification, ...]
    event_bridge: bool
    given: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Configuration:
        """Read it from the template or from a call."""
        found = [
            _notification(each, each[name], f"{name}{number}")
            for kind, name in LISTS
            for number, each in enumerate(given.get(kind, []))
            if name in each
        ]
        bridge = given.get("EventBridgeConfiguration")
        on = bridge is not None and bridge.get("EventBridgeEnabled", True) in (
            True,
            "true",
        )
        return cls(tuple(found), on, given)


def _notification(given: Mapping[str, Any], target: Any, id: str) -> Notification:
    events = given.get("Events") or [given["Event"]]
    within = given.get("Filter", {})
    rules = within.get("S3Key", {}).get("Rules") or within.get("Key", {}).get(
        "FilterRules", []
    )
    # Encoded as keys are in events.
    parts = {
        str(each["Name"]).lower(): unquote_plus(str(each["Value"])) for each in rules
    }
    return Notification(
        str(given.get("Id", id)),
        str(target),
        tuple(str(each).removeprefix("s3:") for each in events),
        parts.get("prefix", ""),
        parts.get("suffix", ""),
    )


def _covers(pattern: str, name: str) -> bool:
    return pattern == name or (
        pattern.endswith(":*") and name.startswith(pattern.removesuffix("*"))
    )


def _either(test: Any, one: str, other: str) -> bool:
    return bool(test(one, other) or test(other, one))
