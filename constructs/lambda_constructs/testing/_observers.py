"""Tells the account of calls that succeeded, whoever made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient

SEAM = "_make_api_call"
"""What clients, resources, paginators and transfers all go through."""

Observer = Callable[[Mapping[str, Any], Mapping[str, Any]], None]
"""Gets the parameters of the call and its answer."""


class Observers:
    """Who wants to know of which call: an object that was put, an event, a message."""

    def __init__(self) -> None:
        self._wanted: dict[tuple[str, str], list[Observer]] = {}

    def add(self, service: str, operation: str, observer: Observer) -> None:
        """Let *observer* know of each success, by botocore's names."""
        self._wanted.setdefault((service, operation), []).append(observer)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every client of this process."""
        original = getattr(BaseClient, SEAM)

        def make_api_call(
            client: BaseClient, operation: str, params: dict[str, Any]
        ) -> Any:
            answer = original(client, operation, params)
            service = client.meta.service_model.service_name
            for observer in self._wanted.get((service, operation), ()):
                observer(params, answer)
            return answer

        setattr(BaseClient, SEAM, make_api_call)
        try:
            yield
        finally:
            setattr(BaseClient, SEAM, original)
