"""S3 operations on buckets; their actions often lack the word `Bucket`."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.s3_objects import headers, need


def bucket(action: str) -> Rule:
    """One action on the bucket."""

    def rule(request: Request) -> tuple[Need, ...]:
        return (need(request, action, request.text("Bucket"), None, headers(request)),)

    return rule


def list_buckets(request: Request) -> tuple[Need, ...]:
    """Every bucket of the account."""
    return (request.need("s3:ListAllMyBuckets", "*"),)


_ACTIONS = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutBucketWebsite": "PutBucketWebsite",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}

BUCKETS: dict[str, Rule] = {
    "ListBuckets": list_buckets,
    **{name: bucket(f"s3:{action}") for name, action in _ACTIONS.items()},
}
