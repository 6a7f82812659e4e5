"""Operations that the kit answers itself, after they were authorised."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import UUID

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

SEAM = "_make_api_call"
"""What clients, resources, paginators and transfers all go through."""

Serve = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Gets the parameters of a call and gives its answer, or raises `ApiError`.

Without an answer the call goes on to the service.
"""


class ApiError(Exception):
    """What a service answers instead, in its own words."""

    def __init__(self, code: str, message: str, status: int = 400, **more: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.more = more


class Served:
    """Who answers which operation in the service's stead.

    It has to be watching before the calls are authorised, so that each client asks
    for permission first.
    """

    def __init__(self) -> None:
        self._serve: dict[tuple[str, str], Serve] = {}
        self._numbers = count(1)

    def add(self, service: str, operation: str, serve: Serve) -> None:
        """Let *serve* answer an operation, by botocore's names."""
        self._serve[service, operation] = serve

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Answer every client of this process."""
        original = getattr(BaseClient, SEAM)
        known: weakref.WeakSet[BaseClient] = weakref.WeakSet()
        services = {service for service, _ in self._serve}
        key = f"lambda-constructs-served-{id(self)}"

        def make_api_call(client: BaseClient, operation: str, params: object) -> object:
            named = client.meta.service_model.service_name in services
            if named and client not in known:
                known.add(client)
                events = client.meta.events
                events.register_last("before-parameter-build", built, f"{key}-built")
                events.register_last("before-call", before, f"{key}-before")
            return original(client, operation, params)

        def built(params: Any, context: dict[str, Any], **_: object) -> None:
            context[key] = params

        def before(model: OperationModel, context: dict[str, Any], **_: object) -> Any:
            serve = self._serve.get((model.service_model.service_name, model.name))
            return None if serve is None else self._answer(serve, context[key])

        setattr(BaseClient, SEAM, make_api_call)
        try:
            yield
        finally:
            setattr(BaseClient, SEAM, original)
            for client in list(known):
                events = client.meta.events
                events.unregister("before-parameter-build", built, f"{key}-built")
                events.unregister("before-call", before, f"{key}-before")

    def _answer(
        self, serve: Serve, params: Mapping[str, Any]
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        try:
            served = serve(params)
            if served is None:
                return None
            answer = dict(served)
            status = int(answer.get("StatusCode", 200))
        except ApiError as error:
            status = error.status
            named = {"Code": error.code, "Message": str(error), "Type": "Sender"}
            answer = {"Error": named, **error.more}
        answer["ResponseMetadata"] = {
            "RequestId": str(UUID(int=next(self._numbers))),
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        return AWSResponse("", status, HTTPHeaders(), None), answer
