"""The processor of a delivery stream, and the role under which the stream works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import jsii
from aws_cdk import Duration, Size, SizeRoundingBehavior, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError, literal
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import key_statement, statement

Parameter = firehose.CfnDeliveryStream.ProcessorParameterProperty

BUCKET_ACTIONS = (
    "s3:GetBucketLocation",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
)
OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
"""https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3."""


@jsii.implements(firehose.IDataProcessor)
class FirehoseTransformation(Construct):
    """A processor for CDK's destinations, and the role for each stream that has it.

    Attributes:
        policy: What the role may do; add what the stream needs beside its bucket, as
            the reading of a Kinesis stream.
        streams: The delivery streams that have it as their processor.
        role: Give it to the destination, in place of the one that CDK would make:
            Firehose may assume it for delivery streams of this account and Region
            alone. CDK's own grants do not reach it, since they have wildcards.
    """

    policy: iam.ManagedPolicy
    role: iam.IRole
    streams: list[Construct]

    def __init__(
        self,
        function: LambdaFunction,
        id: str,
        *,
        buffer_interval: Duration | None,
        buffer_size: Size | None,
        retries: int,
    ) -> None:
        """Define the role: it may invoke the live alias and nothing else yet."""
        super().__init__(function, id)
        stack = stack_of(self)
        streams = stack.format_arn(
            service="firehose", resource="deliverystream", resource_name="*"
        )
        # By all streams, since the stream's own ARN would be a cycle.
        # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "firehose.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": account_of(stack)},
                    "ArnLike": {"aws:SourceArn": streams},
                },
            ),
        )
        invoke = ("lambda:GetFunctionConfiguration", "lambda:InvokeFunction")
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            roles=[role],
            statements=[statement(invoke, function_arn_of(function.live))],
        )
        self.streams = []
        self.role = role.without_policy_updates()
        self._parameters = _parameters(
            self.role, function, buffer_interval, buffer_size, retries
        )
        self._faults: list[str] = []
        validate_at_the_end(self, self._all_faults)

    def deliver_to(
        self,
        bucket: s3.Bucket | s3.IBucket,
        *,
        prefixes: Sequence[str] = ("",),
        key: kms.Key | kms.IKey | None = None,
        log_group: logs.LogGroup | logs.ILogGroup | None = None,
    ) -> None:
        """Allow the stream to deliver to *bucket*, and what goes with that.

        Args:
            bucket: Where the destination, or its backup, puts objects.
            prefixes: How the keys begin, those of errors included, up to the first
                expression `!{...}`; left out, all keys.
            key: The key that the destination names as `encryption_key`; that of the
                bucket itself is known.
            log_group: The group to which the destination logs its errors.

        Raises:
            ConfigurationError: One is of another type, or there are no prefixes.
        """
        self._check_types(bucket, prefixes, key, log_group)
        objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        actions = list(OBJECT_ACTIONS)
        if _is_of_another_account(bucket, self):
            actions.append("s3:PutObjectAcl")
        self.policy.add_statements(
            statement(BUCKET_ACTIONS, bucket.bucket_arn), statement(actions, *objects)
        )
        for each in (bucket.encryption_key, key):
            if each is not None:
                use = ("kms:Decrypt", "kms:GenerateDataKey")
                self.policy.add_statements(key_statement(self, each, "s3", *use))
        if log_group is not None:
            self.policy.add_statements(
                statement(["logs:PutLogEvents"], log_group.log_group_arn)
            )

    def _check_types(
        self, bucket: object, prefixes: object, key: object, log_group: object
    ) -> None:
        for name, given, wanted, attribute in (
            ("bucket", bucket, "an S3 bucket", "arn_for_objects"),
            ("key", key, "a KMS key", "key_arn"),
            ("log_group", log_group, "a log group", "log_group_arn"),
        ):
            held = hasattr(given, attribute) or (given is None and name != "bucket")
            if not held:
                raise ConfigurationError(
                    f"{name} must be {wanted}, got {given!r}; pass it itself",
                    scope=self,
                )
        held = isinstance(prefixes, Sequence) and not isinstance(prefixes, str)
        texts = list(prefixes) if isinstance(prefixes, Sequence) else []
        if not held or not texts or not all(isinstance(it, str) for it in texts):
            raise ConfigurationError(
                f"prefixes must be a list of one or more, got {prefixes!r}; pass "
                "['data/', 'errors/'], or leave it out for all keys",
                scope=self,
            )

    @property
    def props(self) -> firehose.DataProcessorProps:
        """Nothing: all is in the parameters."""
        return firehose.DataProcessorProps()

    @jsii.member(jsii_name="bind")
    def bind(
        self,
        scope: Construct,
        *,
        role: iam.IRole,
        dynamic_partitioning_enabled: bool | None = None,  # noqa: ARG002
        prefix: str | None = None,  # noqa: ARG002
    ) -> firehose.DataProcessorConfig:
        """Give CDK's destination what it writes into the template."""
        self._check(scope, role)
        self.streams.append(scope)
        # Firehose may look for the permissions as soon as the stream is there.
        node_of(scope).add_dependency(self.policy)
        return firehose.DataProcessorConfig(
            processor_type="Lambda",
            processor_identifier=firehose.DataProcessorIdentifier(
                parameter_name="LambdaArn", parameter_value=""
            ),
            parameters=self._parameters,
        )

    def _all_faults(self) -> list[str]:
        """Say what is wrong, and which streams could deliver nothing at all."""
        document = str(stack_of(self).resolve(self.policy.document))
        all_of_them = [path_of(each) for each in self.streams]
        lacks = [] if "s3:PutObject" in document else all_of_them
        return self._faults + [
            f"{each} must be allowed to deliver, got a role that may write to no "
            "bucket; call deliver_to() of what add_event_source() gave with its bucket"
            for each in lacks
        ]

    def _check(self, scope: Construct, role: iam.IRole) -> None:
        """Note what is wrong; an error raised here would reach nobody as it is."""
        here, there = stack_of(self), stack_of(scope)
        if here.resolve(role.role_arn) != here.resolve(self.role.role_arn):
            self._faults.append(
                f"{path_of(scope)} must have the role of {path_of(self)}, got one "
                "that may not invoke the function; pass role= of what "
                "add_event_source() gave to its destination"
            )
        for what in ("region", "account"):
            ours, its = literal(getattr(here, what)), literal(getattr(there, what))
            if ours and its and ours != its:
                self._faults.append(
                    f"{path_of(scope)} must be in the function's {what} {ours}, got "
                    f"{its}; define it there, since the role is for streams there alone"
                )


def delivery_stream_name(stream: Construct) -> str:
    """Give the name of a stream that CDK makes a processor's configuration for."""
    resource = cast("firehose.CfnDeliveryStream", resource_of(stream))
    return resource.ref


def megabytes(size: Size) -> float | None:
    """Give a size in MiB, or None where a token hides it."""
    if size.is_unresolved():
        return None
    return size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)


def _parameters(
    role: iam.IRole,
    function: LambdaFunction,
    interval: Duration | None,
    size: Size | None,
    retries: int,
) -> list[Parameter]:
    # Not by LambdaFunctionProcessor of CDK, which drops retries=0, takes whole MiB
    # only, and grants the invocation of every version.
    values = {
        "RoleArn": role.role_arn,
        "LambdaArn": function_arn_of(function.live),
        "NumberOfRetries": Tokenization.stringify_number(retries),
    }
    if interval is not None:
        values["BufferIntervalInSeconds"] = Tokenization.stringify_number(
            interval.to_seconds()
        )
    if size is not None:
        known = megabytes(size)
        values["BufferSizeInMBs"] = (
            Tokenization.stringify_number(size.to_mebibytes())
            if known is None
            else f"{known:g}"
        )
    return [
        Parameter(parameter_name=name, parameter_value=value)
        for name, value in values.items()
    ]


def _is_of_another_account(bucket: s3.Bucket | s3.IBucket, scope: Construct) -> bool:
    ours, its = literal(account_of(stack_of(scope))), literal(account_of(bucket))
    return bool(ours and its and ours != its)
