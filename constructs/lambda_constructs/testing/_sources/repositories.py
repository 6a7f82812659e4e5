"""Repositories of AWS CodeCommit: their triggers, and what they tell EventBridge.

https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing._sources.commits import SERVED, History
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, send

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "codecommit.amazonaws.com"


@dataclass(frozen=True)
class Trigger:
    """Who is told of which changes."""

    name: str
    target: str
    events: tuple[str, ...]
    branches: tuple[str, ...]
    custom_data: str | None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Trigger:
        """Read it from the template."""
        return cls(
            str(given["Name"]),
            str(given["DestinationArn"]),
            tuple(given["Events"]),
            tuple(given.get("Branches", [])),
            given.get("CustomData"),
        )


class Repositories:
    """Tells of pushes."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.triggers: dict[str, tuple[Trigger, ...]] = {}
        self.histories: dict[str, History] = {}
        for operation in SERVED:
            account.served.add("codecommit", operation, partial(self._read, operation))

    def commit(
        self, repository: str, branch: str, files: Mapping[str, str | bytes | None]
    ) -> str:
        """Add a commit to a branch, of which nobody is told yet; give its id."""
        commit = f"{self.account.random.getrandbits(160):040x}"
        self.histories[repository].add(commit, branch, files)
        return commit

    def push(
        self,
        repository: str,
        branch: str,
        event: str,
        files: Mapping[str, str | bytes | None],
    ) -> str:
        """Let a branch change; give the new commit."""
        account = self.account
        commit = self.commit(repository, branch, files)
        arn = f"arn:aws:codecommit:{account.region}:{account.id}:{repository}"
        account.note(account.path_of(arn), "pushed", f"{branch} {commit[:7]}")
        for each in self.triggers.get(repository, ()):
            told = "all" in each.events or event in each.events
            if told and (not each.branches or branch in each.branches):
                body = json.dumps(
                    {"Records": [self._record(each, arn, branch, event, commit)]}
                )
                deliver = partial(self._deliver, each, arn, body)
                account.clock.at(account.clock.now(), deliver)
        detail = {
            "event": EVENTS[event],
            "repositoryName": repository,
            "repositoryId": str(uuid.uuid5(uuid.NAMESPACE_URL, arn)),
            "referenceType": "branch",
            "referenceName": branch,
            "referenceFullName": f"refs/heads/{branch}",
            "commitId": commit,
        }
        kind = "CodeCommit Repository State Change"
        sent = account.sources.buses.event("aws.codecommit", kind, detail, [arn])
        account.sources.buses.receive("default", sent)
        return commit

    def _read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        history = self.histories.get(params["repositoryName"])
        if history is None:
            raise ApiError(
                "RepositoryDoesNotExistException",
                f"{params['repositoryName']} does not exist",
            )
        return SERVED[operation](history, params)

    def _deliver(self, to: Trigger, arn: str, body: str) -> None:
        try:
            send(self.account, Sender(PRINCIPAL, arn), to.target, body)
        except DeliveryError as error:
            self.account.note(self.account.path_of(arn), "lost", str(error))

    def _record(
        self, to: Trigger, arn: str, branch: str, event: str, commit: str
    ) -> dict[str, Any]:
        """Give the record in its documented shape.

        https://docs.aws.amazon.com/lambda/latest/dg/services-codecommit.html
        """
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        reference: dict[str, Any] = {"commit": commit, "ref": f"refs/heads/{branch}"}
        if event != "updateReference":
            reference["created" if event == "createReference" else "deleted"] = True
        record = {
            "awsRegion": self.account.region,
            "codecommit": {"references": [reference]},
            "eventId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{to.name}/{commit}")),
            "eventName": "ReferenceChanges",
            "eventPartNumber": 1,
            "eventSource": "aws:codecommit",
            "eventSourceARN": arn,
            "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.000+0000",
            "eventTotalParts": 1,
            "eventTriggerConfigId": str(uuid.uuid5(uuid.NAMESPACE_URL, to.name)),
            "eventTriggerName": to.name,
            "eventVersion": "1.0",
            "userIdentityARN": f"arn:aws:iam::{self.account.id}:user/developer",
        }
        if to.custom_data is not None:
            record["customData"] = to.custom_data
        return record


EVENTS = {
    "createReference": "referenceCreated",
    "deleteReference": "referenceDeleted",
    "updateReference": "referenceUpdated",
}
"""A trigger's word, and EventBridge's."""
