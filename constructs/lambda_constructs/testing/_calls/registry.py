"""Finds the module of a service; knows no service itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from lambda_constructs.testing._calls.model import (
    Lookup,
    Need,
    Operations,
    Request,
    UnmappedOperationError,
    module_name,
)


def needs(
    service: str,
    operation: str,
    params: Mapping[str, object],
    *,
    partition: str,
    region: str,
    account: str,
    secure: bool,
    lookup: Lookup,
    endpoint: str = "",
) -> tuple[Need, ...]:
    """The IAM requests that all have to be allowed for this call.

    Args:
        service: botocore's name of the service, `stepfunctions`.
        operation: The API's name of the operation, `StartExecution`.
        params: The parameters as the API has them.
        partition: `aws`, `aws-cn`, `aws-us-gov`.
        region: Where the call goes.
        account: Whose credentials sign it.
        secure: Whether it goes over TLS.
        lookup: The state of the account.
        endpoint: The URL, which only the API Gateway management API needs.

    Raises:
        UnmappedOperationError: The kit does not know this operation.
    """
    rule = operations(service).get(operation)
    if rule is None:
        raise UnmappedOperationError(service, operation)
    return rule(
        Request(
            service,
            operation,
            params,
            partition,
            region,
            account,
            secure,
            lookup,
            endpoint,
        )
    )


def needs_when_missing(
    service: str,
    operation: str,
    params: Mapping[str, object],
    *,
    partition: str,
    region: str,
    account: str,
    secure: bool,
    lookup: Lookup,
) -> tuple[Need, ...]:
    """What a caller has to be allowed to be told that a thing does not exist.

    Asked after the service answered 404: S3 says `AccessDenied` instead of
    `NoSuchKey` to whoever may not list the bucket.
    """
    rule = _table(service, "WHEN_MISSING").get(operation)
    if rule is None:
        return ()
    return rule(
        Request(service, operation, params, partition, region, account, secure, lookup)
    )


def operations(service: str) -> Operations:
    """The operations of a service that the kit can translate."""
    return _table(service, "OPERATIONS")


@cache
def _table(service: str, name: str) -> Operations:
    path = f"{__package__}.{module_name(service)}"
    if find_spec(path) is None:
        return {}
    table: Operations = getattr(import_module(path), name, {})
    return table
