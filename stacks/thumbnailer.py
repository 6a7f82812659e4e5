"""Thumbnails: an image that is uploaded to one bucket gets a small one in another."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import S3EventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class ThumbnailerStack(Stack):
    """Each image has one thumbnail of its newest version; what is no image has none.

    The thumbnails are in a bucket of their own, so that making one invokes nothing.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Thumbnails of uploaded images")
        Monitoring(topic=on_call(self)).apply_to(self)

        uploads = bucket(self, "Uploads")
        thumbnails = bucket(self, "Thumbnails")

        thumbnailer = LambdaFunction(
            self,
            "Thumbnailer",
            code=handler_code("thumbnailer"),
            timeout=Duration.seconds(60),
            memory_size=1769,  # one whole CPU, which decoding an image takes
            environment={
                "POWERTOOLS_SERVICE_NAME": "thumbnails",
                "THUMBNAILS_BUCKET": thumbnails.bucket_name,
            },
        )
        thumbnailer.allow("s3:GetObject", on=uploads, at="images/*")
        # Without it S3 says "access denied" of an object that is gone.
        thumbnailer.allow("s3:ListBucket", on=uploads)
        thumbnailer.allow("s3:PutObject", on=thumbnails)
        thumbnailer.add_event_source(S3EventSource(uploads, prefix="images/"))


def bucket(scope: Construct, id: str) -> s3.Bucket:
    """Define a bucket: encrypted, private, TLS only, without leftovers of uploads."""
    return s3.Bucket(
        scope,
        id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                abort_incomplete_multipart_upload_after=Duration.days(1),
                noncurrent_version_expiration=Duration.days(30),
            )
        ],
        versioned=True,
    )
