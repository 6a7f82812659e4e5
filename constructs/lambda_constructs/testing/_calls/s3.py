"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
names the actions of each operation; few have the operation's own name.
"""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import found
from lambda_constructs.testing._calls.s3_buckets import BUCKETS, bucket
from lambda_constructs.testing._calls.s3_objects import (
    copy_source,
    headers,
    need,
    reading_key,
    writing_key,
)

_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP")


def on_object(action: str, versioned: str = "") -> Rule:
    """One action on the object; a version may have an action of its own."""

    def rule(request: Request) -> tuple[Need, ...]:
        name = versioned if versioned and request.params.get("VersionId") else action
        return (
            need(
                request,
                name,
                request.text("Bucket"),
                request.text("Key"),
                headers(request),
            ),
        )

    return rule


def read(request: Request) -> tuple[Need, ...]:
    """GetObject and HeadObject are the same action."""
    key = (request.text("Bucket"), request.text("Key"))
    version = request.text("VersionId") or None
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return (
        need(request, action, *key, headers(request, "VersionId")),
        *reading_key(request, *key, version),
    )


def attributes(request: Request) -> tuple[Need, ...]:
    """The attributes need the object's own permission as well."""
    version = "Version" if request.text("VersionId") else ""
    listed = on_object(f"s3:GetObject{version}Attributes")(request)
    return (*read(request), *listed)


def write(*key_actions: str) -> Rule:
    """PutObject, and an action more for each thing that it sets besides."""

    def rule(request: Request) -> tuple[Need, ...]:
        actions = ["s3:PutObject"]
        if any(request.params.get(name) for name in _GRANTS):
            actions.append("s3:PutObjectAcl")
        if request.params.get("Tagging"):
            actions.append("s3:PutObjectTagging")
        if request.params.get("ObjectLockMode"):
            actions.append("s3:PutObjectRetention")
        if request.params.get("ObjectLockLegalHoldStatus"):
            actions.append("s3:PutObjectLegalHold")
        if request.params.get("IfMatch"):
            actions.append("s3:GetObject")
        where = (request.text("Bucket"), request.text("Key"), headers(request))
        return (
            *(need(request, action, *where) for action in actions),
            *writing_key(request, *key_actions),
        )

    return rule


def copied(request: Request) -> tuple[Need, ...]:
    """The source of a copy."""
    name, key, version = copy_source(request.params.get("CopySource"))
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return (
        need(request, action, name, key),
        *reading_key(request, name, key, version),
    )


def copy(request: Request) -> tuple[Need, ...]:
    """Reads the source, writes the object, and takes the tags along."""
    needs = [*copied(request), *write("GenerateDataKey")(request)]
    name, key, version = copy_source(request.params.get("CopySource"))
    replaced = request.text("TaggingDirective") == "REPLACE"
    if not replaced and request.lookup.object_is_tagged(name, key, version):
        action = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        target = (request.text("Bucket"), request.text("Key"))
        needs.append(need(request, action, name, key))
        needs.append(need(request, "s3:PutObjectTagging", *target))
    return tuple(needs)


def upload_part_copy(request: Request) -> tuple[Need, ...]:
    """Reads the source and writes a part."""
    return (*copied(request), *write("GenerateDataKey", "Decrypt")(request))


def delete(request: Request) -> tuple[Need, ...]:
    """A version is a different action; a condition on the ETag reads."""
    return _delete(request, request.text("Key"), request.params)


def delete_many(request: Request) -> tuple[Need, ...]:
    """Each key is authorised, and refused, alone."""
    objects = request.mapping("Delete").get("Objects")
    return tuple(
        each
        for entry in (objects if isinstance(objects, list) else [])
        for each in _delete(request, entry["Key"], entry)
    )


def _delete(request: Request, key: str, entry: object) -> tuple[Need, ...]:
    version, etag = found(entry, "VersionId"), found(entry, "IfMatch")
    actions = ["s3:DeleteObjectVersion" if version else "s3:DeleteObject"]
    context = {"s3:versionid": version[0]} if version else {}
    if request.params.get("BypassGovernanceRetention"):
        actions.append("s3:BypassGovernanceRetention")
    if etag and etag[0] != "*":
        actions.append("s3:GetObject")
    where = request.text("Bucket")
    return tuple(need(request, action, where, key, context) for action in actions)


_PUT = write("GenerateDataKey")

OPERATIONS: dict[str, Rule] = {
    **BUCKETS,
    "GetObject": read,
    "HeadObject": read,
    "GetObjectAttributes": attributes,
    "PutObject": _PUT,
    "CreateMultipartUpload": _PUT,
    "UploadPart": write("GenerateDataKey", "Decrypt"),
    "CompleteMultipartUpload": write("Decrypt"),
    "UploadPartCopy": upload_part_copy,
    "CopyObject": copy,
    "DeleteObject": delete,
    "DeleteObjects": delete_many,
    "AbortMultipartUpload": on_object("s3:AbortMultipartUpload"),
    "ListParts": on_object("s3:ListMultipartUploadParts"),
    "SelectObjectContent": read,
    "RestoreObject": on_object("s3:RestoreObject"),
    "GetObjectAcl": on_object("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "PutObjectAcl": on_object("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    "GetObjectTagging": on_object("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    "PutObjectTagging": on_object("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    "DeleteObjectTagging": on_object(
        "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"
    ),
    "GetObjectRetention": on_object("s3:GetObjectRetention"),
    "PutObjectRetention": on_object("s3:PutObjectRetention"),
    "GetObjectLegalHold": on_object("s3:GetObjectLegalHold"),
    "PutObjectLegalHold": on_object("s3:PutObjectLegalHold"),
}

WHEN_MISSING: dict[str, Rule] = dict.fromkeys(
    ("GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"),
    bucket("s3:ListBucket"),
)
