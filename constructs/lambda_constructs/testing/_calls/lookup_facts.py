"""Remembers what an account was asked, until a call makes it untrue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import boto3
from botocore.exceptions import ClientError

from lambda_constructs.testing._calls.lookup_keys import Client

T = TypeVar("T")

# What makes a remembered fact untrue.
_CHANGES = {
    "dynamodb": ("DeleteTable", "UpdateTable"),
    "kinesis": ("DeleteStream", "StartStreamEncryption", "StopStreamEncryption"),
    "kms": ("CreateAlias", "CreateKey", "DeleteAlias", "UpdateAlias"),
    "s3": ("DeleteBucket", "DeleteBucketEncryption", "PutBucketEncryption"),
    "secretsmanager": ("DeleteSecret", "UpdateSecret"),
    "ses": ("DeleteIdentity", "VerifyDomainIdentity", "VerifyEmailIdentity"),
    "sesv2": ("CreateEmailIdentity", "DeleteEmailIdentity"),
    "sns": ("DeleteTopic", "SetTopicAttributes"),
    "sqs": ("DeleteQueue", "SetQueueAttributes"),
    "ssm": ("DeleteParameter", "DeleteParameters", "PutParameter"),
}


class Facts:
    """The clients of a privileged session, and their answers."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._clients: dict[tuple[str, str], Client] = {}
        self._known: dict[tuple[str, ...], Client] = {}

    def forget(self) -> None:
        """Drop what is remembered."""
        self._known.clear()

    def changed(self, service: str, operation: str) -> None:
        """Drop what this call may make untrue."""
        if operation in _CHANGES.get(service, ()):
            self.forget()

    def client(self, service: str, region: str) -> Client:
        """The client of a service in a region."""
        place = (service, region)
        if place not in self._clients:
            self._clients[place] = self._session.client(service, region_name=region)  # type: ignore[call-overload]
        return self._clients[place]

    def remember(self, fact: tuple[str, ...], ask: Callable[[], T]) -> T | None:
        """Ask once; what does not exist is not remembered."""
        if fact not in self._known:
            try:
                self._known[fact] = ask()
            except ClientError:
                return None
        found: T = self._known[fact]
        return found
