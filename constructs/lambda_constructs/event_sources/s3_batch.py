"""Amazon S3 Batch Operations: a job invokes for each object of a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Literal

from aws_cdk import aws_s3 as s3

from lambda_constructs import limits
from lambda_constructs._known import path_of
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_text,
    check_whole,
)
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.event_sources._s3_batch_jobs import S3BatchJobs
from lambda_constructs.event_sources._s3_batch_texts import (
    check_columns,
    check_tags,
    check_user_arguments,
)
from lambda_constructs.event_sources.s3 import S3EventSource
from lambda_constructs.event_sources.s3_notification import S3NotificationEventSource
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["S3BatchEventSource"]

CSV = "S3BatchOperations_CSV_20180820"


@dataclass(frozen=True)
class S3BatchEventSource:
    """Run for each object of a manifest, as the one operation of a batch job.

    CloudFormation has no jobs. What is bound is the role of them, and the request for
    `CreateJob` as far as it is known now: see `S3BatchJobs`.

    The handler gets one task an invocation, whose `s3Key` is URL-encoded, and returns
    `Succeeded`, `TemporaryFailure`, which is tried again, or `PermanentFailure`. A
    task may come twice, so it has to be idempotent. What failed is in the completion
    report and nowhere else. The function serves no other events of S3, since those
    take no answer.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html

    Attributes:
        manifests: The bucket of the manifests. S3 Batch reads no CSV manifest that is
            encrypted with KMS.
        confirmation_required: Whether a job waits until somebody confirms it, having
            seen how many objects there are; False runs it at once.
        description: What the jobs are for, up to 256 characters.
        fields: The columns of a CSV manifest: `Bucket`, `Key`, `VersionId`, `Ignore`.
            With `VersionId`, each row must have one.
        id: The id of the construct, a child of the function.
        manifest_format: CSV of your own, or the `manifest.json` of an S3 Inventory
            report, which names its columns itself.
        manifest_prefix: How the keys of manifests begin, and for an inventory those of
            its data; the jobs may read no others.
        priority: 0 to 2,147,483,647; jobs with a higher one go first.
        report_bucket: The bucket of the completion reports; left out, *manifests*.
        report_prefix: Where in it, up to 512 characters and without a slash at the
            end: each job has a folder there.
        report_scope: What is in a report; None writes none, so that failures are lost.
        schema_version: `2.0` names the bucket, brings *user_arguments*, and serves
            directory buckets too; `1.0` names the bucket's ARN.
        tags: Of the jobs, up to 50.
        user_arguments: What each event brings in its `job`, up to 10; schema 2.0 only.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    manifests: s3.Bucket | s3.IBucket
    _: KW_ONLY
    confirmation_required: bool = True
    description: str | None = None
    fields: Sequence[Literal["Bucket", "Ignore", "Key", "VersionId"]] = (
        "Bucket",
        "Key",
    )
    id: str = "S3Batch"
    manifest_format: Literal[
        "S3BatchOperations_CSV_20180820", "S3InventoryReport_CSV_20161130"
    ] = "S3BatchOperations_CSV_20180820"
    manifest_prefix: str = "manifests/"
    priority: int = 10
    report_bucket: s3.Bucket | s3.IBucket | None = None
    report_prefix: str = "reports"
    report_scope: Literal["AllTasks", "FailedTasksOnly"] | None = "AllTasks"
    schema_version: Literal["1.0", "2.0"] = "2.0"
    tags: Mapping[str, str] = field(default_factory=dict)
    user_arguments: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        self._check_choices()
        most = limits.S3_BATCH_DESCRIPTION_CHARACTERS
        check_text("description", self.description, most)
        check_text("manifest_prefix", self.manifest_prefix, limits.S3_KEY_CHARACTERS)
        most = limits.S3_BATCH_REPORT_PREFIX_CHARACTERS
        check_text("report_prefix", self.report_prefix, most)
        if self.report_prefix.endswith("/") or not self.report_prefix:
            raise ConfigurationError(
                "report_prefix must name a folder without a slash at its end, got "
                f"{self.report_prefix!r}; S3 adds one"
            )
        check_range("priority", self.priority, *limits.S3_BATCH_PRIORITY)
        if self.manifest_format == CSV:
            check_columns(self.fields)
        check_tags(self.tags)
        check_user_arguments(self.user_arguments)
        if self.user_arguments and self.schema_version == "1.0":
            raise ConfigurationError(
                "user_arguments need schema_version 2.0, got '1.0'; pass '2.0', whose "
                "events name the bucket instead of its ARN"
            )

        if self.report_bucket is not None and self.report_scope is None:
            raise ConfigurationError(
                "report_bucket needs a report_scope, got None, by which nothing is "
                "reported; pass 'AllTasks', or leave report_bucket out"
            )

    def bind(self, function: LambdaFunction, /) -> S3BatchJobs:
        """Give the role of the jobs that invoke *function*, and their request.

        Raises:
            ConfigurationError: Another part of the function has its id, or the
                function serves other events of S3, or keeps tenants apart.
        """
        id = source_id(function, self.id)
        check_tenants(function)
        for fault in _other_events(function):
            raise ConfigurationError(fault, scope=function)
        if self.manifest_format == CSV and self.manifests.encryption_key is not None:
            Practice.S3_BATCH_MANIFEST_KEY.warn(
                function,
                f"{path_of(self.manifests)} encrypts with KMS, and S3 Batch reads no "
                "such CSV manifest; upload manifests with "
                "ServerSideEncryption='AES256', or pass a bucket with S3_MANAGED",
            )
        jobs = S3BatchJobs(
            function,
            id,
            manifests=(self.manifests, self.manifest_prefix),
            reports=(self.report_bucket or self.manifests, self.report_prefix)
            if self.report_scope
            else None,
            settings=self._settings(),
            operation=self._operation(),
        )
        validate_at_the_end(jobs, partial(_other_events, function))
        return jobs

    def _check_types(self) -> None:
        for name in ("manifests", "report_bucket"):
            bucket = getattr(self, name)
            held = hasattr(bucket, "bucket_arn") and hasattr(bucket, "node")
            if not held and not (name == "report_bucket" and bucket is None):
                raise ConfigurationError(
                    f"{name} must be an S3 bucket, got {bucket!r}; pass the bucket "
                    "itself"
                )
        check_whole("priority", self.priority)

    def _check_choices(self) -> None:
        for name, allowed in (
            ("manifest_format", (CSV, "S3InventoryReport_CSV_20161130")),
            ("report_scope", ("AllTasks", "FailedTasksOnly", None)),
            ("schema_version", ("1.0", "2.0")),
        ):
            given = getattr(self, name)
            if given not in allowed:
                words = " or ".join(repr(each) for each in allowed)
                raise ConfigurationError(f"{name} must be {words}, got {given!r}")

    def _operation(self) -> dict[str, object]:
        arguments = {"UserArguments": dict(self.user_arguments)}
        return {
            "InvocationSchemaVersion": self.schema_version,
            **(arguments if self.user_arguments else {}),
        }

    def _settings(self) -> dict[str, object]:
        """Give what the request has of the options, in the API's words."""
        spec: dict[str, object] = {"Format": self.manifest_format}
        if self.manifest_format == CSV:
            spec["Fields"] = list(self.fields)
        settings: dict[str, object] = {
            "ConfirmationRequired": self.confirmation_required,
            "Manifest": {"Spec": spec},
            "Priority": self.priority,
            "Report": {"Enabled": False}
            if self.report_scope is None
            else {
                "Enabled": True,
                "Format": "Report_CSV_20180820",
                "ReportScope": self.report_scope,
                "Bucket": (self.report_bucket or self.manifests).bucket_arn,
                "Prefix": self.report_prefix,
            },
        }
        if self.description:
            settings["Description"] = self.description
        if self.tags:
            settings["Tags"] = [
                {"Key": key, "Value": value} for key, value in self.tags.items()
            ]
        return settings


def _other_events(function: LambdaFunction) -> list[str]:
    """Say which other events of S3 the function serves: those take no answer."""
    others = (S3EventSource, S3NotificationEventSource)
    return [
        f"S3BatchEventSource needs a function of its own, got {type(each).__name__} "
        "beside it, whose events take no answer; make a second function"
        for each in function.event_sources
        if isinstance(each, others)
    ]
