"""Custom resources: CloudFormation's requests to a function, and its answers.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lambda_constructs.errors import nearest
from lambda_constructs.testing._provider_framework import is_framework, respond
from lambda_constructs.testing._response_server import ResponseServer
from lambda_constructs.testing._waiting import wait_for
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._resources._create import Request
    from lambda_constructs.testing.account import LocalAccount

RESPONSE_BYTES = 4096
SERVICE_TIMEOUT = 3600
COPIED = ("StackId", "RequestId", "LogicalResourceId")

RequestType = Literal["Create", "Update", "Delete"]


class CustomResourceError(AccountError):
    """The function of a custom resource failed it, or did not answer."""


@dataclass
class CustomResource:
    """A custom resource of a deployed stack.

    Attributes:
        request: What the template says.
        properties: Its properties now.
        physical_id: What its function named it; `Ref` gives it.
        data: What `Fn::GetAtt` gives.
    """

    request: Request
    properties: Mapping[str, Any]
    physical_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def update(self, **properties: Any) -> None:
        """Change properties as an update of the stack would.

        A new physical id replaces the resource, and the old one is deleted.

        Raises:
            CustomResourceError: Its function failed it; CloudFormation then asks it
                to go back.
        """
        owner = self.request.account.custom_resources
        before, old_id = self.properties, self.physical_id
        self.properties = {**before, **properties}
        try:
            owner.ask(self, "Update", before)
        except CustomResourceError:
            failed, self.properties = self.properties, before
            owner.ask_quietly(self, "Update", failed)
            raise
        if self.physical_id != old_id:
            owner.ask(CustomResource(self.request, before, old_id), "Delete")


class CustomResources:
    """Every custom resource of an account."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self._server = ResponseServer()
        self._known: list[CustomResource] = []

    def close(self) -> None:
        """Take no more answers."""
        self._server.close()

    def create(self, request: Request) -> CustomResource:
        """Create a custom resource; roll all of its stack back if that fails.

        Raises:
            CustomResourceError: Its function failed it or did not answer in time.
        """
        made = CustomResource(request, request.properties)
        self._known.append(made)
        try:
            self.ask(made, "Create")
        except CustomResourceError:
            for each in reversed(self._of(request.stack)):
                self.ask_quietly(each, "Delete")
                self._known.remove(each)
            raise
        return made

    def delete(self, stack: str, retained: set[str]) -> None:
        """Delete those of a stack, the last first, but for retained logical ids."""
        for each in reversed(self._of(stack)):
            if each.request.logical_id not in retained:
                self.ask(each, "Delete")
            self._known.remove(each)

    def find(self, stack: str, path: str) -> CustomResource:
        """Give one by its construct path or logical id.

        Raises:
            AccountError: There is none.
        """
        known = {each.request.path: each for each in self._of(stack)}
        for name, each in known.items():
            if path in (name, each.request.logical_id) or name == f"{path}/Default":
                return each
        raise AccountError(
            f"{stack} has no custom resource {path!r}" + nearest(path, known)
        )

    def ask_quietly(
        self, resource: CustomResource, kind: RequestType, *old: Mapping[str, Any]
    ) -> None:
        """Ask while rolling back, where another failure changes nothing."""
        try:
            self.ask(resource, kind, *old)
        except CustomResourceError as error:
            self.account.note(resource.request.path, "rollback failed", str(error))

    def ask(
        self, resource: CustomResource, kind: RequestType, *old: Mapping[str, Any]
    ) -> None:
        """Send a request to the function and take its answer.

        Raises:
            CustomResourceError: It failed, or there was no answer in time.
        """
        request = resource.request
        event = self._event(resource, kind, *old)
        self.account.note(request.path, kind.lower(), f"asks {request.path}'s function")
        answer = self._answer(resource, event)
        if answer.get("PhysicalResourceId"):
            resource.physical_id = str(answer["PhysicalResourceId"])
        fault = _fault(answer, event)
        if fault is not None:
            self.account.note(request.path, "failed", fault)
            raise CustomResourceError(f"{request.path}: {kind} failed: {fault}")
        resource.data = answer.get("Data") or {}
        shown = "*****" if answer.get("NoEcho") else json.dumps(resource.data)
        self.account.note(request.path, "answered", f"{resource.physical_id} {shown}")

    def _of(self, stack: str) -> list[CustomResource]:
        return [each for each in self._known if each.request.stack == stack]

    def _event(
        self, resource: CustomResource, kind: RequestType, *old: Mapping[str, Any]
    ) -> dict[str, Any]:
        request, account = resource.request, self.account
        id = str(uuid.UUID(int=account.random.getrandbits(128), version=4))
        stack_id = request.arn("cloudformation", f"stack/{request.stack}/0")
        event: dict[str, Any] = {
            "RequestType": kind,
            "ServiceToken": resource.properties["ServiceToken"],
            "ResponseURL": self._server.url(f"{stack_id}|{request.logical_id}|{id}"),
            "StackId": stack_id,
            "RequestId": id,
            "LogicalResourceId": request.logical_id,
            "ResourceType": request.type,
            "ResourceProperties": _texts(resource.properties),
        }
        if kind != "Create":
            # A create that never answered is deleted by a name of CloudFormation's.
            event["PhysicalResourceId"] = resource.physical_id or request.name()
        if old:
            event["OldResourceProperties"] = _texts(old[0])
        return event

    def _answer(
        self, resource: CustomResource, event: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        account, url = self.account, event["ResponseURL"]
        token = str(event["ServiceToken"])
        function, qualifier = account.function_and_qualifier(token)
        if is_framework(function):
            return respond(account, function, event)
        most = float(resource.properties.get("ServiceTimeout", SERVICE_TIMEOUT))
        account.asynchronous.accept(function, qualifier, event)
        if not wait_for(account, lambda: self._server.answer(url) is not None, most):
            last = function.invocations[-1].outcome if function.invocations else None
            said = f"; its function said {last.payload!r}" if last else ""
            return {
                "Status": "FAILED",
                "Reason": "CloudFormation did not receive a response from your custom "
                f"resource within {most:g} s{said}",
                **{key: event[key] for key in COPIED},
                "PhysicalResourceId": event.get("PhysicalResourceId", ""),
            }
        return _read(self._server.answer(url) or b"")


def _read(body: bytes) -> Mapping[str, Any]:
    if len(body) > RESPONSE_BYTES:
        return {
            "invalid": f"Response object is too long: {len(body):,} bytes, at most "
            f"{RESPONSE_BYTES:,} are taken"
        }
    try:
        answer = json.loads(body)
    except ValueError as error:
        return {"invalid": f"Response is not JSON: {error}"}
    return answer if isinstance(answer, dict) else {"invalid": "Response is no object"}


def _fault(answer: Mapping[str, Any], event: Mapping[str, Any]) -> str | None:
    if "invalid" in answer:
        return str(answer["invalid"])
    wrong = [key for key in COPIED if answer.get(key) != event[key]]
    if wrong:
        return f"the response does not repeat the request's {', '.join(wrong)}"
    if answer.get("Status") == "FAILED":
        return str(answer.get("Reason") or "the response has no Reason")
    if answer.get("Status") != "SUCCESS":
        return f"Status must be SUCCESS or FAILED, got {answer.get('Status')!r}"
    if not answer.get("PhysicalResourceId"):
        return "Invalid PhysicalResourceId: the response has none"
    return None


def _texts(value: Any) -> Any:
    """CloudFormation sends every scalar as text."""
    if isinstance(value, Mapping):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
