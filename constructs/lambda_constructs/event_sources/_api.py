"""What the sources for API Gateway's three kinds of API have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aws_cdk import Duration, IResource
from constructs import Construct

from lambda_constructs._known import account_of, node_of, path_of, region_of, stack_of
from lambda_constructs._rollback import Watched, server_errors
from lambda_constructs._signals import is_here, place_of, sustained
from lambda_constructs.errors import (
    ConfigurationError,
    check_range,
    check_type,
    nearest,
    seconds,
)
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import allow_invoke
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Limit, Signal

PRINCIPAL = "apigateway.amazonaws.com"

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

SEGMENT = re.compile(r"[^\s/{}?#]+|\{([A-Za-z0-9._:-]+)(\+?)\}")
"""A part of a path: fixed, `{variable}`, or the rest of it, `{proxy+}`."""


def answers_of(
    function: LambdaFunction, api: IResource, name: str, dimensions: Mapping[str, str]
) -> list[Watched]:
    """Give what tells of the 5xx that an API answers, where it can be told.

    An API of another stack refers to the function's, which could not refer back.
    """
    if stack_of(api) is stack_of(function):
        return [server_errors("AWS/ApiGateway", name, dimensions)]
    Practice.DEPLOYMENT_API_ALARM.warn(
        function,
        f"5xx of {path_of(api)}, which is in another stack, roll no release back; "
        "alarm on them in that stack, and pass the alarm by name as alarms= of the "
        "deployment",
    )
    return []


def check_routes(routes: object, example: str) -> None:
    """Check that *routes* are one or more texts, none of them twice.

    Raises:
        ConfigurationError: They are not.
    """
    if (
        isinstance(routes, str)
        or not isinstance(routes, Sequence)
        or not routes
        or not all(isinstance(each, str) for each in routes)
    ):
        raise ConfigurationError(
            f"routes must be a list of one or more, got {routes!r}; pass {example}"
        )
    for each in routes:
        if routes.count(each) > 1:
            raise ConfigurationError(
                f"routes must each be there once, got {each!r} twice; leave one out"
            )


def check_texts(name: str, values: object, wanted: str) -> None:
    """Check that *values* are a list of text, which may be empty.

    Raises:
        ConfigurationError: They are not.
    """
    listed = not isinstance(values, str) and isinstance(values, Sequence)
    held = isinstance(values, Sequence) and all(isinstance(it, str) for it in values)
    check_type(name, values, wanted, holds=listed and held)


def check_authorizer(authorizer: object, kind: type, wanted: str) -> None:
    """Check that *authorizer* is one of aws_apigatewayv2, of the *kind* of API.

    By what its class says to jsii; one of which that is not known will do.

    Raises:
        ConfigurationError: It is something else.
    """
    kinds = getattr(type(authorizer), "__jsii_ifaces__", [kind])
    held = hasattr(authorizer, "bind") and kind in kinds
    check_type("authorizer", authorizer, wanted, holds=held)


def method_and_path(route: str) -> tuple[str, str]:
    """Give the two halves of *route*, as `GET /orders/{order_id}`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html

    Raises:
        ConfigurationError: It is no route.
    """
    method, _, path = route.partition(" ")
    if method not in METHODS or not path.startswith("/"):
        raise ConfigurationError(
            f"a route must be a method and a path, got {route!r}; write it as "
            "'GET /orders/{order_id}', with one of "
            + ", ".join(METHODS)
            + ("" if method in METHODS else nearest(method.upper(), METHODS))
        )
    if path != "/":
        _check_path(route, path[1:].split("/"))
    return method, path


def _check_path(route: str, segments: Sequence[str]) -> None:
    names: set[str] = set()
    # A path may end in a slash, where the kind of API has paths that do.
    for number, segment in enumerate(segments if segments[-1] else segments[:-1]):
        found = SEGMENT.fullmatch(segment)
        if found is None:
            raise ConfigurationError(
                f"a part of a path must be fixed, or a variable as '{{order_id}}', "
                f"got {segment!r} in {route!r}"
            )
        name, greedy = found[1], found[2]
        if greedy and number < len(segments) - 1:
            raise ConfigurationError(
                f"'{segment}' takes all the rest of a path and must be its last part, "
                f"got {route!r}; leave out the '+', or what comes after it"
            )
        if name in names:
            raise ConfigurationError(
                f"the variables of a path must differ, got '{{{name}}}' twice in "
                f"{route!r}; rename one"
            )
        names |= {name} if name else set()


def check_timeout(value: object, limit: tuple[int, int]) -> None:
    """Check how long API Gateway is to wait: a `Duration` of whole milliseconds.

    Raises:
        ConfigurationError: API Gateway would refuse it.
    """
    wanted = "a Duration, as Duration.seconds(10)"
    check_type("timeout", value, wanted, holds=isinstance(value, Duration))
    if isinstance(value, Duration):
        length = seconds(value)
        check_range("timeout", length and round(length * 1000), *limit, unit="ms")


def warn_of_timeout(
    function: LambdaFunction, timeout: Duration | None, most: float
) -> None:
    """Tell that the client is answered while the function still works.

    *most* is how many seconds API Gateway waits where the source does not say.
    """
    waits = most if timeout is None else seconds(timeout)
    takes = seconds(function.timeout)
    if waits is not None and takes is not None and takes > waits:
        Practice.API_FUNCTION_TIMEOUT.warn(
            function,
            f"API Gateway waits {waits:g} s, less than the function timeout of "
            f"{takes:g} s, so that a client has its error while the function goes on; "
            f"lower the function's timeout to {waits:g} s or less",
        )


def place_of_route(
    function: LambdaFunction, service: str, api: IResource, key: str, id: str
) -> tuple[Construct, str]:
    """Give the scope and the id of a route, which CDK gives its own the same.

    Beside the API. But in another stack, or imported, it is the function's: else the
    two stacks would need each other.

    Raises:
        ConfigurationError: The route leads somewhere already.
    """
    place: Construct = function
    taken = node_of(api).try_find_child(id) is not None
    if isinstance(api, Construct) and stack_of(api) is stack_of(function):
        place = api
    else:
        id = f"{service}-{path_as_id(function, api)}-{id}"
    if taken or node_of(place).try_find_child(id) is not None:
        raise ConfigurationError(
            f"{key} of {path_of(api)} leads somewhere already; bind each route once",
            scope=function,
        )
    return place, id


def allow_api(
    function: LambdaFunction,
    service: str,
    api: IResource,
    api_id: str,
    *,
    stage: str | None = None,
    scope: Construct | None = None,
) -> None:
    """Let an API invoke *function*, by one permission however many routes lead there.

    For a *stage* alone, or for all of them.

    CDK has one per route, and two per method of a REST API, of which some fifty fill
    the 20 KB of a resource policy.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
    """
    place = scope or function
    id = f"{service}-{path_as_id(function, api)}-{stage or ''}Permission"
    if scope is not None:
        id = f"{path_as_id(function, function)}-{id}"
    if node_of(place).try_find_child(id) is not None:
        return
    source_arn = stack_of(place).format_arn(
        service="execute-api",
        region=region_of(api),
        account=account_of(api),
        resource=api_id,
        resource_name="*" if stage is None else f"{stage}/*",
    )
    allow_invoke(function, id, principal=PRINCIPAL, source_arn=source_arn, scope=scope)


FAULTS = 0.05
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html."""


def api_signals(
    function: LambdaFunction,
    api: IResource,
    dimensions: Mapping[str, str],
    *,
    requests: str,
    faults: str,
    latency: str,
    shares: bool = True,
) -> list[Signal]:
    """Watch which requests of an API are faults.

    By their share, where *faults* has a value for each request, else by their number.
    """
    if not is_here(function, api):
        return []
    of = place_of(function, api)

    def signal(
        metric: str,
        meaning: str,
        statistic: str,
        unit: str = "count",
        limit: Limit | None = None,
    ) -> Signal:
        return Signal(
            name=metric,
            of=of,
            namespace="AWS/ApiGateway",
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            unit=unit,
            meaning=meaning,
            limit=limit,
        )

    return [
        signal(requests, f"Requests to {of}.", "SampleCount" if shares else "Sum"),
        signal(
            faults,
            f"{of} answers with faults again and again: the function fails, is late, "
            "or is throttled.",
            "Average" if shares else "Sum",
            "rate" if shares else "count",
            sustained(FAULTS if shares else 1),
        ),
        signal(latency, f"How long a client of {of} waits.", "p99", "ms"),
    ]
