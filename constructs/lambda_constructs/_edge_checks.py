"""What CloudFront would refuse about a function at the edge, found at synthesis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._checks import check_function
from lambda_constructs._options import FunctionOptions
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    literal,
    seconds,
)
from lambda_constructs.practices import Practice

if TYPE_CHECKING:
    from lambda_constructs.code import PythonCode
    from lambda_constructs.edge import EdgeFunction

__all__: list[str] = []

FAMILIES = (lambda_.RuntimeFamily.NODEJS, lambda_.RuntimeFamily.PYTHON)

EVENTS = cloudfront.LambdaEdgeEventType
REQUESTS = (EVENTS.VIEWER_REQUEST, EVENTS.ORIGIN_REQUEST)
VIEWER = (EVENTS.VIEWER_REQUEST, EVENTS.VIEWER_RESPONSE)


def check_edge(
    scope: Construct,
    handler: str,
    runtime: lambda_.Runtime,
    timeout: Duration,
    options: FunctionOptions,
) -> None:
    """Check what holds at the edge, and then what holds for every function.

    Raises:
        ConfigurationError: Lambda or CloudFront would refuse the function.
    """
    if runtime.family not in FAMILIES:
        raise ConfigurationError(
            f"runtime must be Node.js or Python at the edge, got {runtime.name}; pass "
            "Runtime.PYTHON_3_14 for example",
            scope=scope,
        )
    check_duration("timeout", timeout, scope=scope)
    check_range(
        "timeout",
        seconds(timeout),
        *limits.EDGE_TIMEOUT_SECONDS,
        unit="s",
        scope=scope,
        remedy="CloudFront waits no longer",
    )
    check_function(scope, handler, runtime, timeout, options)


def packaged(
    scope: Construct,
    code: lambda_.Code | PythonCode,
    runtime: lambda_.Runtime,
    handler: str,
    configuration: Mapping[str, object] | None,
) -> lambda_.Code:
    """Make the package, with the configuration in it.

    Raises:
        ConfigurationError: The package is one that nothing can be added to.
    """
    held = isinstance(configuration, Mapping)
    check_type(
        "configuration", configuration, "a mapping of names", holds=held, scope=scope
    )
    if not isinstance(code, lambda_.Code):
        return code.for_edge_function(
            scope, runtime=runtime, handler=handler, configuration=configuration
        )
    if configuration is not None:
        raise ConfigurationError(
            f"configuration needs PythonCode, got {type(code).__name__}, to which "
            "nothing can be added; put a file into that package yourself",
            scope=scope,
        )
    return code


def check_event(
    function: EdgeFunction,
    event_type: cloudfront.LambdaEdgeEventType,
    *,
    include_body: bool,
) -> None:
    """Check what is asked for against the event, and warn of a slow viewer event.

    Raises:
        ConfigurationError: A response event is to have a body.
    """
    known = isinstance(event_type, EVENTS)
    wanted = "a LambdaEdgeEventType, as LambdaEdgeEventType.VIEWER_REQUEST"
    if event_type is None or not known:
        raise ConfigurationError(
            f"event_type must be {wanted}, got {event_type!r}", scope=function
        )
    held = isinstance(include_body, bool)
    check_type("include_body", include_body, "True or False", holds=held)
    if include_body and event_type not in REQUESTS:
        raise ConfigurationError(
            f"include_body is for request events, got {event_type.name}, which has "
            "the body of no request; leave it out",
            scope=function,
        )
    if event_type in VIEWER:
        _warn_of_viewer(function)


def _warn_of_viewer(function: EdgeFunction) -> None:
    time, memory = seconds(function.timeout) or 0, literal(function.memory_size) or 0
    if (
        time > limits.EDGE_VIEWER_TIMEOUT_SECONDS
        or memory > limits.EDGE_VIEWER_MEMORY_MB
    ):
        Practice.EDGE_VIEWER_SIZE.warn(
            function,
            f"a viewer event has {time:g} s and {memory} MB; CloudFront used to allow "
            f"{limits.EDGE_VIEWER_TIMEOUT_SECONDS} s and "
            f"{limits.EDGE_VIEWER_MEMORY_MB} MB there, and every viewer waits for it; "
            "do the work at the origin event, whose result CloudFront caches",
        )
