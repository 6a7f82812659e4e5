"""The event handlers that put one client's calls to the question."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

from lambda_constructs.testing._calls.denial import (
    Denial,
    ServiceFault,
    UnknownCaller,
    refusal,
)

Answer: TypeAlias = tuple[AWSResponse, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call that is about to be sent.

    Attributes:
        access_key: Whose credentials sign it; `None` when nobody's do.
        service: botocore's name of the service.
        operation: The API's name of the operation.
        params: The parameters as the API has them.
        region: The region of the client.
        secure: Whether it goes over TLS.
        endpoint: The URL it goes to.
    """

    access_key: str | None
    service: str
    operation: str
    params: Mapping[str, object]
    region: str
    secure: bool
    endpoint: str


Authorise: TypeAlias = Callable[[Call], "Denial | UnknownCaller | ServiceFault | None"]


class Watch:
    """The event handlers of one client."""

    def __init__(
        self,
        client: BaseClient,
        authorise: Authorise,
        missing: Authorise | None,
        numbers: Iterator[int],
    ) -> None:
        self._client = weakref.ref(client)
        self._authorise = authorise
        self._missing = missing
        self._numbers = numbers
        self._handlers: dict[str, Callable[..., Any]] = {
            "before-parameter-build": self._built,
            "before-call": self._before,
            "after-call": self._after,
        }
        self._key = f"lambda-constructs-calls-{id(self)}"
        for event, handler in self._handlers.items():
            client.meta.events.register_last(
                event, handler, unique_id=f"{self._key}-{event}"
            )

    def detach(self) -> None:
        if client := self._client():
            for event, handler in self._handlers.items():
                client.meta.events.unregister(
                    event, handler, unique_id=f"{self._key}-{event}"
                )

    def _built(
        self,
        params: dict[str, Any],
        model: OperationModel,
        context: dict[str, Any],
        **_: object,
    ) -> None:
        context[self._key] = params
        if model.name == "DeleteObjects":
            self._drop_refused(params, model, context)

    def _before(
        self,
        model: OperationModel,
        params: dict[str, Any],
        context: dict[str, Any],
        **_: object,
    ) -> Answer | None:
        call = self._call(model, context, str(params["url"]))
        if (errors := context.get(f"{self._key}-errors")) is not None:
            delete: Any = call.params["Delete"]
            return _nothing_deleted() if errors and not delete["Objects"] else None
        denial = self._authorise(call)
        context[f"{self._key}-call"] = call
        return None if denial is None else self._answer(model, denial, context)

    def _after(
        self,
        http_response: AWSResponse,
        parsed: dict[str, Any],
        model: OperationModel,
        context: dict[str, Any],
        **_: object,
    ) -> None:
        if errors := context.get(f"{self._key}-errors"):
            parsed.setdefault("Errors", []).extend(errors)
        call = context.get(f"{self._key}-call")
        if http_response.status_code != 404 or not self._missing or call is None:
            return
        if (denial := self._missing(call)) is not None:
            http, answer = self._answer(model, denial, context)
            http_response.status_code = http.status_code
            parsed.clear()
            parsed.update(answer)

    def _call(self, model: OperationModel, context: dict[str, Any], url: str) -> Call:
        return Call(
            access_key=self._access_key(context),
            service=model.service_model.service_name,
            operation=model.name,
            params=context.get(self._key, {}),
            region=str(context["client_region"]),
            secure=url.startswith("https:"),
            endpoint=url,
        )

    def _access_key(self, context: dict[str, Any]) -> str | None:
        client = self._client()
        unsigned = context["client_config"].signature_version is UNSIGNED
        if client is None or unsigned or context.get("auth_type") == "none":
            return None
        credentials = vars(vars(client)["_request_signer"])["_credentials"]
        if credentials is None:
            return None
        return str(credentials.get_frozen_credentials().access_key)

    def _answer(
        self,
        model: OperationModel,
        denial: Denial | UnknownCaller | ServiceFault,
        context: dict[str, Any],
    ) -> Answer:
        error = refusal(model, denial)
        if error.shape:
            context["error_code_override"] = error.shape
        return _response(error.status), {
            "Error": {"Code": error.code, "Message": error.message, "Type": "Sender"},
            "ResponseMetadata": {
                "RequestId": str(UUID(int=next(self._numbers))),
                "HTTPStatusCode": error.status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        }

    def _drop_refused(
        self, params: dict[str, Any], model: OperationModel, context: dict[str, Any]
    ) -> None:
        """S3 refuses each key alone, in a response that is a success."""
        client = self._client()
        whole = self._call(model, context, client.meta.endpoint_url if client else "")
        allowed, errors = [], []
        for entry in params.get("Delete", {}).get("Objects", []):
            one = {**params, "Delete": {**params["Delete"], "Objects": [entry]}}
            denial = self._authorise(replace(whole, params=one))
            if isinstance(denial, UnknownCaller):
                return  # that is the whole call's fault
            if denial is None:
                allowed.append(entry)
                continue
            error = refusal(model, denial)
            names = {k: entry[k] for k in ("Key", "VersionId") if k in entry}
            errors.append({**names, "Code": error.code, "Message": error.message})
        params["Delete"] = {**params.get("Delete", {}), "Objects": allowed}
        context[f"{self._key}-errors"] = errors


def _nothing_deleted() -> Answer:
    metadata = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    return _response(200), {"ResponseMetadata": metadata}


def _response(status: int) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), None)
