"""Amazon S3."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import (
    Create,
    Created,
    Request,
    document,
)


def create_bucket(request: Request) -> Created:
    """Create a bucket; what it notifies is not modelled here."""
    properties = request.properties
    name = request.name(properties.get("BucketName"), most=63).lower()
    s3 = request.account.client("s3")
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": request.account.region},
    )
    if properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )
    if "NotificationConfiguration" in properties:
        request.account.note_unmodelled(request, "NotificationConfiguration")
    return Created(name, {"Arn": f"arn:aws:s3:::{name}", "BucketName": name})


def create_bucket_policy(request: Request) -> Created:
    """Attach a policy to its bucket."""
    bucket = request.properties["Bucket"]
    request.account.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=document(request.properties["PolicyDocument"])
    )
    return Created(bucket)


CREATE: dict[str, Create] = {
    "AWS::S3::Bucket": create_bucket,
    "AWS::S3::BucketPolicy": create_bucket_policy,
}
