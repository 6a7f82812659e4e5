"""S3 Batch Operations: a job that invokes a function for each object of a manifest.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from lambda_constructs.testing._service_roles import client_as
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "batchoperations.s3.amazonaws.com"
FORMAT = "S3BatchOperations_CSV_20180820"
CODES = ("Succeeded", "TemporaryFailure", "PermanentFailure")
ATTEMPTS = 3
"""How often a task that fails for now is tried; AWS does not say."""


@dataclass(frozen=True)
class BatchTask:
    """What became of one object of the manifest.

    Attributes:
        bucket: Its bucket.
        key: Its key, decoded.
        version: Its version, if the manifest names one.
        code: `Succeeded` or `PermanentFailure`, or `TemporaryFailure` to the last.
        message: What the function said of it.
    """

    bucket: str
    key: str
    version: str | None
    code: str
    message: str


class BatchJob:
    """A job, run from a `create_job` request."""

    def __init__(self, account: LocalAccount, request: Mapping[str, Any]) -> None:
        self.account = account
        self.request = request
        self.id = str(uuid.UUID(int=account.random.getrandbits(128), version=4))
        self._operation = request["Operation"].get("LambdaInvoke")
        if self._operation is None:
            names = ", ".join(request["Operation"])
            raise UnmodelledError(f"S3 Batch runs LambdaInvoke here, got {names}")

    def run(self) -> list[BatchTask]:
        """Invoke the function for each object and write the report.

        Raises:
            AccountError: The manifest cannot be read, by the job's role or at all.
        """
        tasks = [self._task(*each) for each in self._manifest()]
        self._report(tasks)
        return tasks

    def _client(self, service: str) -> Any:
        role = str(self.request["RoleArn"])
        arn = f"arn:aws:s3:{self.account.region}:{self.account.id}:job/{self.id}"
        path = self.account.path_of(role.rsplit("/", 1)[-1])
        return client_as(
            self.account, PRINCIPAL, role, service, path=path, source_arn=arn
        )

    def _manifest(self) -> list[tuple[str, str, str | None]]:
        manifest = self.request["Manifest"]
        if manifest["Spec"]["Format"] != FORMAT:
            raise UnmodelledError(f"a manifest is {FORMAT} here")
        fields = manifest["Spec"]["Fields"]
        bucket, _, key = (
            manifest["Location"]["ObjectArn"].split(":", 5)[5].partition("/")
        )
        asked = {"Bucket": bucket, "Key": key}
        if "ObjectVersionId" in manifest["Location"]:
            asked["VersionId"] = manifest["Location"]["ObjectVersionId"]
        try:
            found = self._client("s3").get_object(**asked)
        except ClientError as error:
            raise AccountError(f"the manifest cannot be read: {error}") from None
        if found["ETag"].strip('"') != manifest["Location"]["ETag"].strip('"'):
            raise AccountError("the manifest's ETag is not that of the job")
        rows = csv.reader(io.StringIO(found["Body"].read().decode()))
        named = [dict(zip(fields, row, strict=False)) for row in rows if row]
        return [
            (each["Bucket"], each["Key"], each.get("VersionId") or None)
            for each in named
        ]

    def _task(self, bucket: str, key: str, version: str | None) -> BatchTask:
        code, message = "TemporaryFailure", ""
        for _ in range(ATTEMPTS):
            code, message = self._attempt(bucket, key, version)
            if code != "TemporaryFailure":
                break
        where = self.account.path_of(bucket)
        self.account.note(where, "batch task", f"{key} {code} {message}".rstrip())
        return BatchTask(bucket, unquote_plus(key), version, code, message)

    def _attempt(self, bucket: str, key: str, version: str | None) -> tuple[str, str]:
        event = self._event(bucket, key, version)
        try:
            answer = self._client("lambda").invoke(
                FunctionName=self._operation["FunctionArn"], Payload=json.dumps(event)
            )
        except ClientError as error:
            denied = error.response["Error"]["Code"] == "AccessDeniedException"
            return "PermanentFailure" if denied else "TemporaryFailure", str(error)
        payload = json.load(answer["Payload"])
        if "FunctionError" in answer:
            return "TemporaryFailure", str(payload["errorMessage"])
        return _result(event, payload)

    def _event(self, bucket: str, key: str, version: str | None) -> dict[str, Any]:
        schema = self._operation.get("InvocationSchemaVersion", "1.0")
        number = self.account.random.getrandbits(128)
        task = {"taskId": f"{number:032x}", "s3Key": key, "s3VersionId": version}
        job: dict[str, Any] = {"id": self.id}
        if schema == "2.0":
            task["s3Bucket"] = bucket
            job["userArguments"] = self._operation.get("UserArguments", {})
        else:
            task["s3BucketArn"] = f"arn:aws:s3:::{bucket}"
        return {
            "invocationSchemaVersion": schema,
            "invocationId": f"{number:032x}",
            "job": job,
            "tasks": [task],
        }

    def _report(self, tasks: list[BatchTask]) -> None:
        report = self.request.get("Report", {})
        if not report.get("Enabled"):
            return
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for each in tasks:
            good = each.code == "Succeeded"
            if good and report.get("ReportScope") == "FailedTasksOnly":
                continue
            status = ("succeeded", "", "200") if good else ("failed", each.code, "")
            writer.writerow(
                [each.bucket, each.key, each.version or "", *status, each.message]
            )
        prefix = f"{report['Prefix']}/" if report.get("Prefix") else ""
        self._client("s3").put_object(
            Bucket=report["Bucket"].rsplit(":", 1)[-1],
            Key=f"{prefix}job-{self.id}/results/{uuid.UUID(self.id).hex}.csv",
            Body=text.getvalue().encode(),
        )


def _result(event: Mapping[str, Any], payload: Any) -> tuple[str, str]:
    """Read the response; what it leaves out is as it says of missing keys."""
    if not isinstance(payload, dict) or "results" not in payload:
        return "PermanentFailure", "the response has no results"
    wrong = [
        key
        for key in ("invocationSchemaVersion", "invocationId")
        if payload.get(key) != event[key]
    ]
    if wrong:
        return "PermanentFailure", f"the response does not repeat {', '.join(wrong)}"
    [task] = event["tasks"]
    for each in payload["results"]:
        if each.get("taskId") == task["taskId"]:
            code = str(each.get("resultCode"))
            if code in CODES:
                return code, str(each.get("resultString", ""))
            return "PermanentFailure", f"{code!r} is no result code"
    return str(payload.get("treatMissingKeysAs", "TemporaryFailure")), ""
