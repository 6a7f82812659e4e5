"""What all fronts have in common: to be asked, and to ask a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from lambda_constructs.testing._http.messages import (
    Fields,
    HttpRequest,
    Response,
    make_request,
)
from lambda_constructs.testing._push import push
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

CLIENT = "203.0.113.10"
"""From a range that is set aside for documentation."""


class MalformedError(Exception):
    """A function returned what its front does not understand."""


class Told(NamedTuple):
    """Values of metrics, and each set of dimensions that has them."""

    namespace: str
    dimensions: Sequence[Mapping[str, str]]
    values: Mapping[str, float]


def classes(response: Response, four: str, five: str) -> dict[str, float]:
    """Count a response by the class of its status, under the names given for each."""
    return {
        four: float(400 <= response.status < 500),
        five: float(500 <= response.status < 600),
    }


class Options(TypedDict, total=False):
    """What a request may carry; see `Front.request`."""

    headers: Fields
    query: str | Fields
    body: object
    source_ip: str


class Front(ABC):
    """Something that answers HTTP requests."""

    account: LocalAccount
    path: str

    @abstractmethod
    def answer(self, request: HttpRequest) -> Response:
        """Answer a request."""

    def told(self, response: Response) -> Told | None:  # noqa: ARG002
        """Give what CloudWatch is told of a response, as far as that is modelled."""
        return None

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Fields | None = None,
        query: str | Fields | None = None,
        body: object = None,
        source_ip: str = CLIENT,
    ) -> Response:
        """Send a request and wait for the response.

        *body* is sent as it is if it is text or bytes, and as JSON otherwise; *query*
        is URL-encoded unless it is text.
        """
        request = make_request(method, path, headers, query, body, source_ip)
        response = self.answer(request)
        told = self.told(response)
        if told is not None:
            self.account.measured.take(*told)
        what = f"{request.method} {request.url}: {response.status}"
        self.account.note(self.path, "answered", what)
        return replace(response, body=b"") if method == "HEAD" else response

    def get(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a GET request."""
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a HEAD request."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Unpack[Options]) -> Response:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", path, **options)

    def post(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a POST request."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a PUT request."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a PATCH request."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[Options]) -> Response:
        """Send a DELETE request."""
        return self.request("DELETE", path, **options)


def invoke(
    account: LocalAccount,
    principal: str,
    target: str,
    event: Mapping[str, Any],
    source: str,
) -> Outcome:
    """Invoke a function for a front and wait as long as it takes.

    Raises:
        InvokeRefusedError: The function's resource policy does not allow it.
    """
    refuse_unmodelled(target)
    context = {"aws:SourceArn": source, "aws:SourceAccount": account.id}
    outcome = push(account, principal, target, event, wait=True, context=context)
    assert outcome is not None  # noqa: S101
    return outcome


def refuse_unmodelled(target: str) -> None:
    """Refuse to go where an attribute of something unmodelled leads.

    Raises:
        UnmodelledError: It leads there.
    """
    if "arn:aws:unmodelled:" in target:
        where = target.partition("arn:aws:unmodelled:::")[2]
        raise UnmodelledError(f"a request would have to pass through {where}")


def wait_for(account: LocalAccount, seconds: float) -> None:
    """Let the time of an invocation pass."""
    account.clock.move_to(account.clock.now() + seconds)
