"""A batch job over the documents of a bucket, which gives them new tags by rules."""

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import S3BatchEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

RULES = [
    {"prefix": "invoices/", "set": {"retention": "10y", "class": "finance"}},
    {"prefix": "drafts/", "set": {"retention": "1y"}, "remove": ["class"]},
]
"""The first whose prefix fits is the one; what none fits stays as it is."""


class BatchRelabelStack(Stack):
    """Each object of a manifest has the tags of its rule, however often a job runs.

    Other tags stay. `Job` holds what to ask `CreateJob` for; what failed is in the
    report.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="New tags for objects, by batch job")
        Monitoring(topic=on_call(self)).apply_to(self)

        documents = bucket(self, "Documents")
        manifests = bucket(self, "Jobs")

        relabeler = LambdaFunction(
            self,
            "Relabeler",
            code=handler_code("batch_relabel"),
            timeout=Duration.seconds(30),
            environment={"POWERTOOLS_SERVICE_NAME": "relabel"},
        )
        relabeler.allow(
            "s3:GetObjectTagging",
            "s3:GetObjectVersionTagging",
            "s3:PutObjectVersionTagging",
            on=documents,
        )
        # Without it S3 says "access denied" of an object that is gone.
        relabeler.allow("s3:ListBucket", on=documents)
        jobs = relabeler.add_event_source(
            S3BatchEventSource(
                manifests,
                description="New tags by rules",
                user_arguments={"rules": json.dumps(RULES)},
            )
        )
        ssm.StringParameter(self, "Job", string_value=jobs.create_job_json)


def bucket(scope: Construct, id: str) -> s3.Bucket:
    """Define a bucket: encrypted, private, TLS only, and with its past."""
    return s3.Bucket(
        scope,
        id,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                abort_incomplete_multipart_upload_after=Duration.days(1),
                noncurrent_version_expiration=Duration.days(365),
            )
        ],
        versioned=True,
    )
