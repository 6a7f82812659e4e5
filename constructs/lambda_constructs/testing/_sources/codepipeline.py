"""Actions of CodePipeline that invoke a function.

https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "codepipeline.amazonaws.com"

ANSWER_SECONDS = 20 * 60
ACTION_SECONDS = 24 * 60 * 60
"""https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html."""

CONTINUE_SECONDS = 30
"""AWS documents no number."""


@dataclass
class Job:
    """One run of an action.

    Attributes:
        id: The job that waits for an answer; each continuation is a new one.
        status: `InProgress`, `Succeeded` or `Failed`.
        answer: The parameters of the last call that answered it.
        started: When the run began.
        past: The jobs that it went on from.
        then: What is told of its end.
    """

    id: str
    status: str = "InProgress"
    answer: dict[str, Any] = field(default_factory=dict)
    started: float = 0.0
    past: list[str] = field(default_factory=list)
    then: Callable[[Job], None] = lambda _: None


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
        job = Job("", started=account.clock.now())
        self.jobs.append(job)
        self._invoke(job)
        return job

    def go_on(self, job: Job, token: str) -> None:
        """Invoke again with what the function wants to know then."""
        when = self.account.clock.now() + CONTINUE_SECONDS
        job.past.append(job.id)
        job.id = ""
        if when > job.started + ACTION_SECONDS:
            self._end(job, "has not ended within 24 hours")
        else:
            self.account.clock.at(when, partial(self._invoke, job, token))

    def _invoke(self, job: Job, token: str | None = None) -> None:
        account = self.account
        number = uuid.UUID(int=account.random.getrandbits(128), version=4)
        job.id = str(number)
        target = str(self.configuration["FunctionName"])
        function, qualifier = account.function_and_qualifier(target)
        account.asynchronous.accept(function, qualifier, self._event(job, token))
        late = partial(self._give_up, job, job.id)
        account.clock.at(account.clock.now() + ANSWER_SECONDS, late)

    def _give_up(self, job: Job, id: str) -> None:
        if job.status == "InProgress" and job.id == id:
            self._end(job, "has no answer within 20 minutes")

    def _end(self, job: Job, why: str) -> None:
        job.status = "Failed"
        self.account.note(self.account.path_of(self.pipeline), "timed out", why)
        job.then(job)

    def _event(self, job: Job, token: str | None) -> dict[str, Any]:
        """Give the event in its documented shape."""
        configuration = {
            key: self.configuration[key]
            for key in ("FunctionName", "UserParameters")
            if key in self.configuration
        }
        data: dict[str, Any] = {
            "actionConfiguration": {"configuration": configuration},
            "inputArtifacts": [_artifact(each) for each in self.inputs],
            "outputArtifacts": [_artifact(each) for each in self.outputs],
            "artifactCredentials": {
                "accessKeyId": "ASIAEXAMPLE",
                "secretAccessKey": "EXAMPLE",
                "sessionToken": "EXAMPLE",
            },
        }
        if token is not None:
            data["continuationToken"] = token
        about = {"id": job.id, "accountId": self.account.id, "data": data}
        return {"CodePipeline.job": about}


def answer(
    account: LocalAccount, status: str, params: Mapping[str, Any]
) -> Mapping[str, Any]:
    """End a job, or let it go on by a continuation token."""
    jobs = (
        (action, job)
        for actions in account.sources.actions.values()
        for action in actions
        for job in action.jobs
        if params["jobId"] in (job.id, *job.past)
    )
    action, job = next(jobs, (None, None))
    if action is None or job is None:
        raise ApiError("JobNotFoundException", f"there is no job {params['jobId']}")
    if job.status != "InProgress" or job.id != params["jobId"]:
        raise ApiError("InvalidJobStateException", f"job {job.id} is {job.status}")
    token = params.get("continuationToken")
    if token is not None and params.get("outputVariables"):
        raise ApiError(
            "ValidationException", "outputVariables need the job to have ended"
        )
    job.answer = dict(params)
    job.status = status if token is None else "InProgress"
    account.note(job.id, "answered", job.status)
    if token is not None:
        action.go_on(job, str(token))
    else:
        job.then(job)
    return {}


def _artifact(name: str) -> dict[str, Any]:
    where = {"bucketName": "artifacts", "objectKey": f"{name}.zip"}
    return {
        "name": name,
        "revision": None,
        "location": {"type": "S3", "s3Location": where},
    }
