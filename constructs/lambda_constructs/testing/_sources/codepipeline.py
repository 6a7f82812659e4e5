"""Actions of CodePipeline that invoke a function.

https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "codepipeline.amazonaws.com"


@dataclass
class Job:
    """One run of an action.

    Attributes:
        status: `InProgress`, `Succeeded` or `Failed`.
        answer: The parameters of the call that ended it.
    """

    id: str
    status: str = "InProgress"
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Action:
    """An invoke action of a pipeline, which runs under a role."""

    account: LocalAccount
    pipeline: str
    pipeline_role: str
    name: str
    role: str | None
    configuration: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    jobs: list[Job] = field(default_factory=list)

    def run(self) -> Job:
        """Run the action; its job ends when the function answers.

        Raises:
            AccountError: The action's role may not invoke the function.
        """
        account = self.account
        target = str(self.configuration["FunctionName"])
        function, qualifier = account.function_and_qualifier(target)
        role = self.role or self.pipeline_role
        via = self.pipeline_role if self.role else None
        sender = Sender(PRINCIPAL, self.pipeline, role, via=via)
        arn = function.arn_of(qualifier)
        try:
            check(account, sender, "lambda:InvokeFunction", arn, {})
        except DeliveryError as error:
            raise AccountError(f"{self.name} cannot run: {error}") from None
        number = uuid.UUID(int=account.random.getrandbits(128), version=4)
        job = Job(str(number))
        self.jobs.append(job)
        account.asynchronous.accept(function, qualifier, self._event(job))
        return job

    def _event(self, job: Job) -> dict[str, Any]:
        """Give the event in its documented shape."""
        configuration = {
            key: self.configuration[key]
            for key in ("FunctionName", "UserParameters")
            if key in self.configuration
        }
        data = {
            "actionConfiguration": {"configuration": configuration},
            "inputArtifacts": [_artifact(each) for each in self.inputs],
            "outputArtifacts": [_artifact(each) for each in self.outputs],
            "artifactCredentials": {
                "accessKeyId": "ASIAEXAMPLE",
                "secretAccessKey": "EXAMPLE",
                "sessionToken": "EXAMPLE",
            },
        }
        about = {"id": job.id, "accountId": self.account.id, "data": data}
        return {"CodePipeline.job": about}


def answer(
    account: LocalAccount, status: str, params: Mapping[str, Any]
) -> Mapping[str, Any]:
    """End a job; one with a continuation token goes on."""
    for actions in account.sources.actions.values():
        for job in (job for action in actions for job in action.jobs):
            if job.id == params["jobId"]:
                goes_on = params.get("continuationToken") is not None
                job.status = "InProgress" if goes_on else status
                job.answer = dict(params)
                account.note(job.id, "answered", job.status)
                return {}
    raise ApiError("JobNotFoundException", f"there is no job {params['jobId']}")


def _artifact(name: str) -> dict[str, Any]:
    where = {"bucketName": "artifacts", "objectKey": f"{name}.zip"}
    return {
        "name": name,
        "revision": None,
        "location": {"type": "S3", "s3Location": where},
    }
