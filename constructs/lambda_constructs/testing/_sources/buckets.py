"""What a bucket tells of its objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from lambda_constructs.testing._sources.notifications import (
    Change,
    Configuration,
    Notification,
)
from lambda_constructs.testing._sources.senders import (
    DeliveryError,
    Sender,
    check,
    send,
)
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "s3.amazonaws.com"


class Buckets:
    """Notifies of objects that anybody puts or deletes."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.configurations: dict[str, Configuration] = {}
        self._sequence = 0
        for operation, name in WRITES.items():
            observer = partial(self._written, name)
            account.observers.add("s3", operation, observer)
        account.observers.add("s3", "DeleteObject", self._deleted)
        account.observers.add("s3", "DeleteObjects", self._deleted_many)
        # moto would notify by itself.
        name = "BucketNotificationConfiguration"
        account.served.add("s3", f"Put{name}", self._put)
        account.served.add("s3", f"Get{name}", self._get)

    def configure(self, bucket: str, configuration: Configuration) -> None:
        """Set what a bucket notifies of, as S3 does: having asked each destination.

        Raises:
            AccountError: Two rules overlap, or a destination refuses the bucket.
        """
        for one, other in combinations(configuration.notifications, 2):
            if one.overlaps(other):
                raise AccountError(
                    f"{bucket}: {one} and {other} overlap, which S3 refuses; give "
                    "them prefixes or suffixes that no key can share, or use one "
                    "EventBridge rule for each"
                )
        for each in configuration.notifications:
            self._ask(bucket, each)
        self.configurations[bucket] = configuration

    def _put(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        given = params.get("NotificationConfiguration", {})
        self.configure(str(params["Bucket"]), Configuration.of(given))
        return {}

    def _get(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.configurations.get(str(params["Bucket"]))
        return {} if found is None else found.given

    def _ask(self, bucket: str, to: Notification) -> None:
        sender = Sender(PRINCIPAL, f"arn:aws:s3:::{bucket}")
        try:
            if to.service == "lambda":
                to.check_function(self.account, sender.source)
            else:
                action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}[to.service]
                check(self.account, sender, action, to.target, {})
        except DeliveryError as error:
            raise AccountError(
                f"{self.account.path_of(bucket)}: S3 would not accept the "
                f"destination {to.target}: {error}"
            ) from None

    def _written(
        self, name: str, params: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        bucket, key = str(params["Bucket"]), str(params["Key"])
        configuration = self.configurations.get(bucket)
        if configuration is None:
            return
        found = self.account.client("s3").head_object(Bucket=bucket, Key=key)
        self._changed(
            configuration,
            Change(
                bucket,
                key,
                f"ObjectCreated:{name}",
                next(each for each, this in WRITES.items() if this == name),
                size=int(found["ContentLength"]),
                tag=str(found["ETag"]).strip('"'),
                version=answer.get("VersionId") or found.get("VersionId"),
            ),
        )

    def _deleted_many(
        self, params: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        for each in answer.get("Deleted", []):
            one = {"Bucket": params["Bucket"], "Key": each["Key"]}
            version = each.get("DeleteMarkerVersionId") or each.get("VersionId")
            marker = each.get("DeleteMarker", False)
            self._deleted(one, {"DeleteMarker": marker, "VersionId": version})

    def _deleted(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        configuration = self.configurations.get(str(params["Bucket"]))
        if configuration is None:
            return
        marked = answer.get("DeleteMarker") and "VersionId" not in params
        name = "DeleteMarkerCreated" if marked else "Delete"
        self._changed(
            configuration,
            Change(
                str(params["Bucket"]),
                str(params["Key"]),
                f"ObjectRemoved:{name}",
                "DeleteObject",
                version=answer.get("VersionId"),
            ),
        )

    def _changed(self, configuration: Configuration, change: Change) -> None:
        self._sequence += 1
        where = self.account.path_of(change.bucket)
        self.account.note(where, "changed", f"{change.name} {change.key}")
        if configuration.event_bridge:
            arn = f"arn:aws:s3:::{change.bucket}"
            kind = "Object Created" if change.size is not None else "Object Deleted"
            detail = change.detail(self.account.id, f"{self._sequence:018X}")
            buses = self.account.sources.buses
            buses.receive("default", buses.event("aws.s3", kind, detail, [arn]))
        for each in configuration.notifications:
            if each.wants(change.name, change.key):
                body = json.dumps({"Records": [self._record(each, change)]})
                clock = self.account.clock
                clock.at(clock.now(), partial(self._deliver, each, change, body))

    def _deliver(self, to: Notification, change: Change, body: str) -> None:
        sender = Sender(PRINCIPAL, f"arn:aws:s3:::{change.bucket}")
        try:
            send(self.account, sender, to.target, body)
        except DeliveryError as error:
            self.account.note(self.account.path_of(change.bucket), "lost", str(error))

    def _record(self, to: Notification, change: Change) -> dict[str, Any]:
        """Give the record in its documented shape.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        # A slash stays as it is.
        stored: dict[str, Any] = {"key": quote_plus(change.key, safe="/*-._")}
        if change.size is not None:
            stored |= {"size": change.size, "eTag": change.tag}
        if change.version:
            stored["versionId"] = change.version
        owner = {"principalId": f"AWS:{self.account.id}"}
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.account.region,
            "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "eventName": change.name,
            "userIdentity": owner,
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": f"{self._sequence:016X}",
                "x-amz-id-2": "EXAMPLE",
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": to.id,
                "bucket": {
                    "name": change.bucket,
                    "ownerIdentity": owner,
                    "arn": f"arn:aws:s3:::{change.bucket}",
                },
                "object": {**stored, "sequencer": f"{self._sequence:018X}"},
            },
        }


WRITES = {
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "CopyObject": "Copy",
    "PutObject": "Put",
}
"""botocore's operation, and S3's name for the event."""
