"""A moto account, and a recorder in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import boto3
import pytest

from lambda_constructs.testing._calls import Call, Denial, UnknownCaller, install

ROLE_KEY = "AKIAROLE"
KIT_KEY = "AKIAKIT"
PRINCIPAL = "arn:aws:sts::123456789012:assumed-role/Worker/fn"


@dataclass
class Guard:
    """Records the calls under the role's key, and refuses those it is told to."""

    calls: list[Call] = field(default_factory=list)
    refused: dict[tuple[str, str], Denial] = field(default_factory=dict)
    refused_keys: set[str] = field(default_factory=set)
    hidden: bool = False

    def refuse(self, service: str, operation: str, action: str, resource: str) -> None:
        denial = Denial(PRINCIPAL, action, resource)
        self.refused[service, operation] = denial

    def authorise(self, call: Call) -> Denial | UnknownCaller | None:
        if call.access_key == KIT_KEY:
            return None
        if call.access_key != ROLE_KEY:
            return UnknownCaller(call.access_key)
        self.calls.append(call)
        if call.operation == "DeleteObjects":
            [entry] = call.params["Delete"]["Objects"]  # type: ignore[index]
            if entry["Key"] not in self.refused_keys:
                return None
            return Denial(
                PRINCIPAL, "s3:DeleteObject", f"arn:aws:s3:::shop/{entry['Key']}"
            )
        return self.refused.get((call.service, call.operation))

    def missing(self, call: Call) -> Denial | None:
        if not self.hidden or call.access_key == KIT_KEY:
            return None
        return Denial(PRINCIPAL, "s3:ListBucket", "arn:aws:s3:::shop")

    def seen(self) -> list[tuple[str, str]]:
        return [(call.service, call.operation) for call in self.calls]


@pytest.fixture
def guard(aws: None) -> Iterator[Guard]:
    """Every boto3 call of the test is asked about."""
    guard = Guard()
    with install(guard.authorise, missing=guard.missing):
        yield guard


@pytest.fixture
def role(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session under the credentials of a function's role."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ROLE_KEY)
    return boto3.Session()


@pytest.fixture
def kit(guard: Guard) -> boto3.Session:
    """The privileged session of the kit."""
    return boto3.Session(
        aws_access_key_id=KIT_KEY,
        aws_secret_access_key="testing",
        region_name="eu-west-1",
    )
