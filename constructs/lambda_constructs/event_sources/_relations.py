"""What a function and its source must have in common, whatever the source is."""

from __future__ import annotations

from typing import Literal

from aws_cdk import IResource
from constructs import IConstruct

from lambda_constructs._known import account_of, path_of, region_of, stack_of
from lambda_constructs.errors import ConfigurationError, literal
from lambda_constructs.function import LambdaFunction


def check_tenants(function: LambdaFunction) -> None:
    """Check that *function* does not keep tenants apart, since no event names one.

    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html

    Raises:
        ConfigurationError: It does, so that Lambda would refuse every event.
    """
    if function.tenancy_config is not None:
        raise ConfigurationError(
            "a function with tenancy_config takes no events, since none names a "
            "tenant; leave tenancy_config out, or invoke it by API Gateway",
            scope=function,
        )


def check_same(
    what: Literal["Region", "account"],
    function: LambdaFunction,
    source: IResource,
    remedy: str,
    *,
    name: str = "",
) -> None:
    """Check that *source* is in the function's Region or account, if both are known.

    Raises:
        ConfigurationError: It is in another one.
    """
    stack = stack_of(function)
    if what == "Region":
        there, here = literal(region_of(source)), literal(region_of(stack))
    else:
        there, here = literal(account_of(source)), literal(account_of(stack))
    if there and here and there != here:
        raise ConfigurationError(
            f"{name}{path_of(source)} must be in the function's {what} {here}, got "
            f"{there}; {remedy}",
            scope=function,
        )


def check_stack(function: LambdaFunction, source: IConstruct, remedy: str) -> None:
    """Check that *source*, which names the function and is named by it, is beside it.

    Raises:
        ConfigurationError: It is in another stack, so that each stack would have to be
            deployed before the other.
    """
    theirs, ours = stack_of(source), stack_of(function)
    if theirs is not ours and path_of(theirs) != path_of(ours):
        raise ConfigurationError(
            f"{path_of(source)} must be in the function's stack {path_of(ours)!r}, "
            f"since each names the other, got {path_of(theirs)!r}; {remedy}",
            scope=function,
        )
