"""AWS as the person sees it who runs the command: clients, pages, and one attempt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from lambda_constructs.redrive.errors import RedriveError, SendError

T = TypeVar("T")

READING = Config(retries={"mode": "standard", "total_max_attempts": 5})
# The SDK would send again what may have arrived; and a function may take 15 minutes.
SENDING = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=920
)
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
THROTTLED = {
    "EC2ThrottledException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
UNSUPPORTED = (
    "AWS.SimpleQueueService.UnsupportedOperation",
    "InvalidAction",
    "UnknownOperation",
    "UnknownOperationException",
)
"""What an emulator answers that lacks an operation."""

NOT_SENT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)


class Aws:
    """The clients of one account and Region.

    Attributes:
        sleep: What lets time pass.
        patience: How many seconds a receive waits for messages.
    """

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint_url: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        patience: int = 1,
    ) -> None:
        self.sleep = sleep
        self.patience = patience
        self._session = session
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, Config], Any] = {}

    def reader(self, service: str) -> Any:
        """Give a client whose calls may be repeated."""
        return self._client(service, READING)

    def sender(self, service: str) -> Any:
        """Give a client that sends once."""
        return self._client(service, SENDING)

    def _client(self, service: str, config: Config) -> Any:
        known = self._clients.get((service, config))
        if known is None:
            make: Any = self._session.client  # its overloads want the literal name
            known = make(service, endpoint_url=self._endpoint_url, config=config)
            self._clients[service, config] = known
        return known

    def pages(
        self, service: str, operation: str, key: str, **params: Any
    ) -> Iterator[Any]:
        """Give what is under *key* in all pages of an operation."""
        pages = self.reader(service).get_paginator(operation)
        for page in pages.paginate(**params):
            yield from page.get(key, [])

    def send(self, call: Callable[[], T]) -> T:
        """Send something; what is throttled has not arrived and is tried again.

        Raises:
            SendError: It did not arrive, or nobody knows.
        """
        for delay in (*BACKOFF, None):
            try:
                return call()
            except ClientError as error:
                code = str(error.response["Error"]["Code"])
                if code in THROTTLED and delay is not None:
                    self.sleep(delay)
                    continue
                metadata = error.response.get("ResponseMetadata", {})
                status = int(metadata.get("HTTPStatusCode", 400))
                raise SendError(
                    str(error),
                    certain=status < 500 or code in THROTTLED,
                    denied=is_denied(code),
                ) from None
            except BotoCoreError as error:
                certain = isinstance(error, NOT_SENT)
                raise SendError(str(error), certain=certain) from None
        raise AssertionError("the last attempt returns or raises")


def is_denied(code: str) -> bool:
    """Tell whether an error says that the caller may not."""
    return code.startswith(("AccessDenied", "AuthorizationError", "NotAuthorized"))


def explain(error: Exception) -> RedriveError:
    """Word an error of the SDK as what to do about it."""
    if isinstance(error, NoCredentialsError):
        return RedriveError(
            "there are no AWS credentials; name a profile by --profile or AWS_PROFILE, "
            "or run `aws sso login` or `aws login` first"
        )
    name = type(error).__name__
    if name == "NoRegionError":
        return RedriveError("there is no Region; name one by --region or AWS_REGION")
    if name == "ProfileNotFound":
        return RedriveError(f"{error}; `aws configure list-profiles` names yours")
    if isinstance(error, ClientError):
        code = str(error.response["Error"]["Code"])
        if code.startswith(
            ("ExpiredToken", "InvalidClientToken", "UnrecognizedClient")
        ):
            return RedriveError(
                f"{error}; the credentials are no longer valid, log in again"
            )
        if is_denied(code):
            return RedriveError(
                f"{error}; docs/redrive.md lists the actions that the command needs"
            )
    return RedriveError(str(error))
