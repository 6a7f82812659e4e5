"""Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)
from lambda_constructs.testing._sources.notifications import Configuration


def create_bucket(request: Request) -> Created:
    """Create a bucket, and let it notify."""
    properties = request.properties
    name = request.name(properties.get("BucketName"), most=63).lower()
    s3 = request.account.client("s3")
    region = request.account.region
    # S3 refuses a location constraint for its oldest Region.
    place = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=name, **place)
    if properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )
    _encrypt(request, name)
    request.account.paths[name] = request.path
    if "NotificationConfiguration" in properties:
        _notify(request, name, properties["NotificationConfiguration"])
    return Created(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "BucketName": name,
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website-{region}.amazonaws.com",
        },
    )


def create_bucket_policy(request: Request) -> Created:
    """Attach a policy to its bucket."""
    bucket = request.properties["Bucket"]
    request.account.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=document(request.properties["PolicyDocument"])
    )
    return Created(bucket)


def create_notifications(request: Request) -> Created:
    """Let a bucket notify, as CDK's custom resource does."""
    properties = request.properties
    bucket = str(properties["BucketName"])
    _notify(request, bucket, properties["NotificationConfiguration"])
    return Created(request.name())


def _encrypt(request: Request, bucket: str) -> None:
    """Set what objects are encrypted with, which decides whose key it takes."""
    given = request.properties.get("BucketEncryption", {})
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": dict(
                rule["ServerSideEncryptionByDefault"]
            ),
            "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
        }
        for rule in given.get("ServerSideEncryptionConfiguration", [])
    ]
    if rules:
        request.account.client("s3").put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
        )


def _notify(request: Request, bucket: str, given: Mapping[str, Any]) -> None:
    configuration = Configuration.of(given)
    request.account.sources.buckets.configure(bucket, configuration)
    never = {event for n in configuration.notifications for event in n.unmodelled()}
    if never:
        request.account.note_unmodelled(request, ", ".join(sorted(never)))


CREATE: dict[str, Create] = {
    "AWS::S3::Bucket": create_bucket,
    "AWS::S3::BucketPolicy": create_bucket_policy,
    "Custom::S3BucketNotifications": create_notifications,
}
