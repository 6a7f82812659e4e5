"""Pipelines: what their actions on S3 do, and that the rest waits for functions.

https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambda_constructs.testing._sources.codepipeline import PRINCIPAL, Action, Job
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

LOOK = ("GetBucketAcl", "GetBucketLocation", "GetBucketVersioning")
READ = ("GetObject", "GetObjectVersion")
KEEP = ("PutObject", "PutObjectAcl")
"""What the documented role allows, on a bucket and on what is in it; AWS does not say
what each is for, so all of them are asked for at each use."""


@dataclass
class PipelineRun:
    """One execution of a pipeline.

    Attributes:
        status: `InProgress`, `Succeeded` or `Failed`.
        why: Why it failed.
    """

    status: str = "InProgress"
    why: str = ""
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Pipeline:
    """A pipeline: its actions one after the other, each under its role."""

    account: LocalAccount
    path: str
    arn: str
    role: str
    store: str
    actions: list[Mapping[str, Any]]
    invokes: dict[str, Action]
    runs: list[PipelineRun] = field(default_factory=list)

    def start(self) -> PipelineRun:
        """Start an execution; it goes on as time passes."""
        run = PipelineRun()
        self.runs.append(run)
        self._next(run, 0)
        return run

    def _next(self, run: PipelineRun, at: int) -> None:
        if at == len(self.actions):
            run.status = "Succeeded"
            self.account.note(self.path, "released")
            return
        action = self.actions[at]
        kind = action["ActionTypeId"]
        try:
            if kind["Provider"] == "Lambda":
                job = self.invokes[str(action["Name"])].run()
                job.then = partial(self._answered, run, at)
                return
            if (kind["Category"], kind["Provider"]) == ("Source", "S3"):
                self._fetch(run, action)
            elif (kind["Category"], kind["Provider"]) == ("Deploy", "S3"):
                self._release(run, action)
        except (AccountError, ClientError, DeliveryError) as error:
            self._fail(run, f"{action['Name']}: {error}")
            return
        self._next(run, at + 1)

    def _answered(self, run: PipelineRun, at: int, job: Job) -> None:
        if job.status == "Succeeded":
            self._next(run, at + 1)
        else:
            self._fail(run, str(self.actions[at]["Name"]))

    def _fail(self, run: PipelineRun, why: str) -> None:
        run.status, run.why = "Failed", why
        self.account.note(self.path, "failed", why)

    def _fetch(self, run: PipelineRun, action: Mapping[str, Any]) -> None:
        """Bring an object into the artifact store."""
        given = action["Configuration"]
        bucket, key = str(given["S3Bucket"]), str(given["S3ObjectKey"])
        self._ask(action, LOOK, bucket)
        self._ask(action, READ, f"{bucket}/{key}")
        found = self.account.client("s3").get_object(Bucket=bucket, Key=key)
        content = found["Body"].read()
        self._ask(action, LOOK, self.store)
        for each in action.get("OutputArtifacts", []):
            self._ask(action, KEEP, f"{self.store}/{each['Name']}.zip")
            run.artifacts[each["Name"]] = content

    def _release(self, run: PipelineRun, action: Mapping[str, Any]) -> None:
        """Put an artifact into a bucket, as it is or what is in it."""
        given = action["Configuration"]
        for each in action.get("InputArtifacts", []):
            self._ask(action, READ, f"{self.store}/{each['Name']}.zip")
            content = run.artifacts[each["Name"]]
            files = {str(given.get("ObjectKey", each["Name"])): content}
            if str(given.get("Extract", "false")).lower() == "true":
                files = _unzipped(content)
            for key, body in files.items():
                self._ask(action, ["PutObject"], f"{given['BucketName']}/{key}")
                self.account.client("s3").put_object(
                    Bucket=str(given["BucketName"]), Key=key, Body=body
                )

    def _ask(self, action: Mapping[str, Any], actions: Any, where: str) -> None:
        role = action.get("RoleArn")
        sender = Sender(
            PRINCIPAL, self.arn, role or self.role, via=self.role if role else None
        )
        for each in actions:
            check(self.account, sender, f"s3:{each}", f"arn:aws:s3:::{where}", {})


def _unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {name: archive.read(name) for name in names}
