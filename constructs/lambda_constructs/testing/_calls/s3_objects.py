"""Resources, condition keys and keys of S3 objects."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl, unquote

from lambda_constructs.testing._calls.implied import uses_key
from lambda_constructs.testing._calls.model import Context, Need, Request

# Parameter -> condition key, for whatever the call sends as a header.
_HEADERS = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectLockMode": "s3:object-lock-mode",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:versionid",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "Prefix": "s3:prefix",
}


def bucket_arn(request: Request, bucket: str) -> str:
    """The ARN of a bucket; an access point comes as its ARN."""
    if bucket.startswith("arn:"):
        return bucket
    return f"arn:{request.partition}:s3:::{bucket}"


def object_arn(request: Request, bucket: str, key: str) -> str:
    """The ARN of an object."""
    middle = "/object/" if bucket.startswith("arn:") else "/"
    return f"{bucket_arn(request, bucket)}{middle}{key}"


def need(
    request: Request,
    action: str,
    bucket: str,
    key: str | None = None,
    context: Context | None = None,
) -> Need:
    """A need on an object, or on its bucket, with the bucket's account."""
    extra: dict[str, str | tuple[str, ...]] = {
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:authType": "REST-HEADER",
    }
    owner = request.lookup.bucket_owner(bucket)
    if owner is not None:
        extra["s3:ResourceAccount"] = extra["aws:ResourceAccount"] = owner
    place = bucket_arn(request, bucket)
    if key is not None:
        place = object_arn(request, bucket, key)
    return request.need(action, place, {**extra, **(context or {})})


def headers(request: Request, *names: str) -> dict[str, str | tuple[str, ...]]:
    """The condition keys of the parameters, or of those named."""
    params = request.params
    found: dict[str, str | tuple[str, ...]] = {
        _HEADERS[name]: str(params[name])
        for name in (names or params)
        if name in _HEADERS and params.get(name) is not None
    }
    if not names and request.text("Tagging"):
        tags = parse_qsl(request.text("Tagging"), keep_blank_values=True)
        found["s3:RequestObjectTagKeys"] = tuple(name for name, _ in tags)
        found.update({f"s3:RequestObjectTag/{name}": value for name, value in tags})
    return found


def copy_source(source: object) -> tuple[str, str, str | None]:
    """Bucket, key and version of a CopySource, which is text or a structure."""
    if isinstance(source, Mapping):
        return str(source["Bucket"]), str(source["Key"]), source.get("VersionId")
    path, _, query = str(source).partition("?")
    version = parse_qs(query).get("versionId", [None])[0]
    path = unquote(path).removeprefix("/")
    if path.startswith("arn:"):
        bucket, _, key = path.partition("/object/")
    else:
        bucket, _, key = path.partition("/")
    return bucket, key, version


def reading_key(
    request: Request, bucket: str, key: str, version: str | None
) -> tuple[Need, ...]:
    """KMS permissions for reading one object."""
    arn = request.lookup.object_key(bucket, key, version)
    return _uses(request, arn, bucket, key, "Decrypt")


def writing_key(request: Request, *actions: str) -> tuple[Need, ...]:
    """KMS permissions for writing one object: the call's key, or the bucket's."""
    bucket, key = request.text("Bucket"), request.text("Key")
    algorithm = request.text("ServerSideEncryption")
    given = request.text("SSEKMSKeyId")
    if given:
        arn = request.lookup.customer_key(given, request.region)
    elif algorithm in ("", "aws:kms", "aws:kms:dsse"):
        arn = request.lookup.encryption_key(bucket_arn(request, bucket))
    else:
        arn = None
    return _uses(request, arn, bucket, key, *actions)


def _uses(
    request: Request, arn: str | None, bucket: str, key: str, *actions: str
) -> tuple[Need, ...]:
    """An S3 Bucket Key has the bucket as its context, not the object."""
    if arn is None:
        return ()
    whole = request.lookup.bucket_has_key(bucket)
    place = bucket_arn(request, bucket) if whole else object_arn(request, bucket, key)
    return uses_key(request, "s3", arn, actions, {"aws:s3:arn": place})
