"""What S3 tells of objects, in the words of its notifications and of EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_s3 as s3

from lambda_constructs import limits
from lambda_constructs.errors import ConfigurationError, check_type, literal


@dataclass(frozen=True)
class ObjectEvent:
    """One kind of event.

    Attributes:
        name: What notifications call it.
        detail_types: What EventBridge calls it; nothing, where it is not told.
        detail: What its detail says on EventBridge.
        caused_by: The actions that make S3 tell of it.
    """

    name: str
    detail_types: tuple[str, ...] = ()
    detail: Mapping[str, Sequence[str]] = field(default_factory=dict)
    caused_by: tuple[str, ...] = ()


_PUT = ("s3:PutObject",)
_DELETE = ("s3:DeleteObject", "s3:DeleteObjectVersion")
_RESTORE = ("s3:RestoreObject",)
_TAG = ("s3:PutObjectTagging", "s3:PutObjectVersionTagging")
_UNTAG = ("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")
_EXPIRED = {"reason": ["Lifecycle Expiration"]}
_GONE = {"deletion-type": ["Permanently Deleted"]}
_MARKED = {"deletion-type": ["Delete Marker Created"]}
# EventBridge tells of deleted and of expired objects under one name.
_DELETED = {"reason": ["DeleteObject"]}


def _created(name: str, reason: str) -> ObjectEvent:
    return ObjectEvent(
        f"s3:ObjectCreated:{name}", ("Object Created",), {"reason": [reason]}, _PUT
    )


def _removed(name: str, detail: Mapping[str, Sequence[str]]) -> ObjectEvent:
    return ObjectEvent(f"s3:{name}", ("Object Deleted",), detail, _DELETE)


def _expired(name: str, detail: Mapping[str, Sequence[str]]) -> ObjectEvent:
    return ObjectEvent(f"s3:{name}", ("Object Deleted",), detail)


def _restored(name: str, *detail_types: str) -> ObjectEvent:
    return ObjectEvent(f"s3:ObjectRestore:{name}", detail_types, {}, _RESTORE)


_E = s3.EventType

EVENTS: Mapping[s3.EventType, ObjectEvent] = {
    _E.INTELLIGENT_TIERING: ObjectEvent(
        "s3:IntelligentTiering", ("Object Access Tier Changed",)
    ),
    _E.LIFECYCLE_EXPIRATION: _expired("LifecycleExpiration:*", _EXPIRED),
    _E.LIFECYCLE_EXPIRATION_DELETE: _expired(
        "LifecycleExpiration:Delete", {**_EXPIRED, **_GONE}
    ),
    _E.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED: _expired(
        "LifecycleExpiration:DeleteMarkerCreated", {**_EXPIRED, **_MARKED}
    ),
    _E.LIFECYCLE_TRANSITION: ObjectEvent(
        "s3:LifecycleTransition", ("Object Storage Class Changed",)
    ),
    _E.OBJECT_ACL_PUT: ObjectEvent(
        "s3:ObjectAcl:Put",
        ("Object ACL Updated",),
        caused_by=("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    ),
    _E.OBJECT_CREATED: ObjectEvent(
        "s3:ObjectCreated:*", ("Object Created",), caused_by=_PUT
    ),
    _E.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD: _created(
        "CompleteMultipartUpload", "CompleteMultipartUpload"
    ),
    _E.OBJECT_CREATED_COPY: _created("Copy", "CopyObject"),
    _E.OBJECT_CREATED_POST: _created("Post", "POST Object"),
    _E.OBJECT_CREATED_PUT: _created("Put", "PutObject"),
    _E.OBJECT_REMOVED: _removed("ObjectRemoved:*", _DELETED),
    _E.OBJECT_REMOVED_DELETE: _removed("ObjectRemoved:Delete", {**_DELETED, **_GONE}),
    _E.OBJECT_REMOVED_DELETE_MARKER_CREATED: _removed(
        "ObjectRemoved:DeleteMarkerCreated", {**_DELETED, **_MARKED}
    ),
    _E.OBJECT_RESTORE: _restored(
        "*",
        "Object Restore Initiated",
        "Object Restore Completed",
        "Object Restore Expired",
    ),
    _E.OBJECT_RESTORE_COMPLETED: _restored("Completed", "Object Restore Completed"),
    _E.OBJECT_RESTORE_DELETE: _restored("Delete", "Object Restore Expired"),
    _E.OBJECT_RESTORE_POST: _restored("Post", "Object Restore Initiated"),
    _E.OBJECT_TAGGING: ObjectEvent(
        "s3:ObjectTagging:*",
        ("Object Tags Added", "Object Tags Deleted"),
        caused_by=(*_TAG, *_UNTAG),
    ),
    _E.OBJECT_TAGGING_DELETE: ObjectEvent(
        "s3:ObjectTagging:Delete", ("Object Tags Deleted",), caused_by=_UNTAG
    ),
    _E.OBJECT_TAGGING_PUT: ObjectEvent(
        "s3:ObjectTagging:Put", ("Object Tags Added",), caused_by=_TAG
    ),
    _E.REDUCED_REDUNDANCY_LOST_OBJECT: ObjectEvent("s3:ReducedRedundancyLostObject"),
    _E.REPLICATION: ObjectEvent("s3:Replication:*"),
    _E.REPLICATION_OPERATION_FAILED_REPLICATION: ObjectEvent(
        "s3:Replication:OperationFailedReplication"
    ),
    _E.REPLICATION_OPERATION_MISSED_THRESHOLD: ObjectEvent(
        "s3:Replication:OperationMissedThreshold"
    ),
    _E.REPLICATION_OPERATION_NOT_TRACKED: ObjectEvent(
        "s3:Replication:OperationNotTracked"
    ),
    _E.REPLICATION_OPERATION_REPLICATED_AFTER_THRESHOLD: ObjectEvent(
        "s3:Replication:OperationReplicatedAfterThreshold"
    ),
}


def check_bucket(bucket: object) -> None:
    """Check that *bucket* is one.

    Raises:
        ConfigurationError: It is something else.
    """
    if not hasattr(bucket, "bucket_arn"):
        raise ConfigurationError(
            f"bucket must be an S3 bucket, got {bucket!r}; pass the bucket itself"
        )


def check_events(events: Sequence[s3.EventType]) -> None:
    """Check that *events* is a list of distinct kinds, with one at least.

    Raises:
        ConfigurationError: It is not.
    """
    listed = isinstance(events, Sequence) and not isinstance(events, str)
    if not listed or not events or not all(each in EVENTS for each in events):
        raise ConfigurationError(
            f"events must be a list of s3.EventType, got {events!r}; pass one at "
            "least, as [s3.EventType.OBJECT_CREATED]"
        )
    names = [EVENTS[each].name for each in events]
    for name in names:
        wider = name.rpartition(":")[0] + ":*"
        if names.count(name) > 1 or (wider != name and wider in names):
            raise ConfigurationError(
                f"events must not name {name} twice, got {', '.join(names)}; leave "
                "one out"
            )


def check_key_filter(name: str, value: str | None) -> None:
    """Check the beginning, or the end, that keys must have.

    Raises:
        ConfigurationError: S3 would refuse it, or it could never match as meant.
    """
    check_type(name, value, "text", holds=isinstance(value, str))
    text = literal(value)
    if text is None:
        return
    if not 1 <= len(text) <= limits.S3_KEY_CHARACTERS:
        raise ConfigurationError(
            f"{name} must be 1 to {limits.S3_KEY_CHARACTERS:,} characters, got "
            f"{len(text):,}; leave it out to match any key"
        )
    if "*" in text:
        raise ConfigurationError(
            f"{name} must be literal, got {text!r}; S3 has no wildcards, so pass "
            "prefix='images/' or suffix='.png'"
        )


def event_pattern(
    bucket_name: str,
    events: Sequence[s3.EventType],
    prefix: str | None,
    suffix: str | None,
) -> dict[str, object]:
    """Give EventBridge's pattern for *events* of a bucket."""
    detail: dict[str, object] = {"bucket": {"name": [bucket_name]}}
    if key := _key_pattern(prefix, suffix):
        detail["object"] = {"key": [key]}
    by_detail: dict[str, list[str]] = {}
    for each in events:
        names = by_detail.setdefault(json.dumps(EVENTS[each].detail), [])
        names += [new for new in EVENTS[each].detail_types if new not in names]
    kinds = [
        {"detail-type": names, "detail": {**detail, **json.loads(said)}}
        for said, names in by_detail.items()
    ]
    # A pattern's fields all have to match, so kinds that differ are alternatives.
    wanted_kind = kinds[0] if len(kinds) == 1 else {"$or": kinds}
    return {"source": ["aws.s3"], **wanted_kind}


def _key_pattern(prefix: str | None, suffix: str | None) -> dict[str, str]:
    if prefix and suffix:
        # Two operators in one list are alternatives; both at once is a wildcard,
        # where a backslash escapes.
        first, last = (each.replace("\\", "\\\\") for each in (prefix, suffix))
        return {"wildcard": f"{first}*{last}"}
    if prefix:
        return {"prefix": prefix}
    return {"suffix": suffix} if suffix else {}


def either(test: Callable[[str, str], bool], one: str, other: str) -> bool:
    """Tell whether *test* holds one way or the other, as of two beginnings of a key."""
    return test(one, other) or test(other, one)
