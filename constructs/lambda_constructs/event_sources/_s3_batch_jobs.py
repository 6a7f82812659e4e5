"""The role of batch jobs, and what `CreateJob` is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs._known import account_of, function_arn_of, stack_of
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import key_statement, statement

Place = tuple[s3.Bucket | s3.IBucket, str]
"""A bucket, and a prefix of keys in it."""


class S3BatchJobs(Construct):
    """The role of jobs that invoke one function, and what to ask `CreateJob` for.

    Where the job is made, add what is known there only. With boto3, of
    `json.loads(...)` of what `create_job_json` became:

        request["Manifest"]["Location"] = {"ObjectArn": arn, "ETag": etag}
        s3control.create_job(**request, ClientRequestToken=token)

    With the AWS CLI, once the JSON is in a file (a token is made up):

        aws s3control create-job --cli-input-json file://job.json --manifest
            'Spec={Format=...,Fields=[Bucket,Key]},Location={ObjectArn=...,ETag=...}'

    Who makes a job needs `s3:CreateJob`, and `iam:PassRole` on the role.

    Attributes:
        create_job_json: The request as JSON, its tokens resolved at deployment: for a
            parameter of Systems Manager, or a function's environment.
        create_job_request: The request, without the place of the manifest and the
            token that makes asking twice harmless.
        policy: What the role may do.
        role: S3 Batch may assume it for jobs of this account alone.
    """

    create_job_json: str
    create_job_request: dict[str, object]
    policy: iam.ManagedPolicy
    role: iam.Role

    def __init__(
        self,
        function: LambdaFunction,
        id: str,
        *,
        manifests: Place,
        reports: Place | None,
        settings: Mapping[str, object],
        operation: Mapping[str, object],
    ) -> None:
        """Define the role: invoke the alias, read the manifest, write the report."""
        super().__init__(function, id)
        stack = stack_of(self)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "batchoperations.s3.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": account_of(stack)}},
            ),
        )
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[self.role],
            statements=[
                statement(["lambda:InvokeFunction"], function_arn_of(function.live)),
                *_read(self, *manifests),
                *(_write(self, *reports) if reports else ()),
            ],
        )
        invoke = {"FunctionArn": function_arn_of(function.live), **operation}
        self.create_job_request = {
            "AccountId": account_of(stack),
            "Operation": {"LambdaInvoke": invoke},
            "RoleArn": self.role.role_arn,
            **settings,
        }
        self.create_job_json = stack.to_json_string(self.create_job_request)


def _read(
    scope: Construct, bucket: s3.Bucket | s3.IBucket, prefix: str
) -> list[iam.PolicyStatement]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html."""
    objects = bucket.arn_for_objects(f"{prefix}*")
    given = [statement(["s3:GetObject", "s3:GetObjectVersion"], objects)]
    if bucket.encryption_key is not None:
        given.append(key_statement(scope, bucket.encryption_key, "s3", "kms:Decrypt"))
    return given


def _write(
    scope: Construct, bucket: s3.Bucket | s3.IBucket, prefix: str
) -> list[iam.PolicyStatement]:
    given = [statement(["s3:PutObject"], bucket.arn_for_objects(f"{prefix}/*"))]
    if bucket.encryption_key is not None:
        use = ("kms:Decrypt", "kms:GenerateDataKey")
        given.append(key_statement(scope, bucket.encryption_key, "s3", *use))
    return given
