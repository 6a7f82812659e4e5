"""What is known of a load balancer's listener before it is deployed."""

from __future__ import annotations

from typing import cast

from aws_cdk import Fn
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    node_of,
    path_of,
    region_of,
    resource_of,
    stack_of,
)
from lambda_constructs.errors import (
    ConfigurationError,
    check_range,
    is_token,
    literal,
    seconds,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

Listener = elbv2.ApplicationListener | elbv2.IApplicationListener


def check_place(function: LambdaFunction, listener: Listener) -> None:
    """Check that *listener* is in the function's Region and account, where known.

    Raises:
        ConfigurationError: It is in others, where no target group could be.
    """
    stack, arn = stack_of(function), listener.listener_arn
    if is_token(arn):
        region, account = region_of(listener), account_of(listener)
    else:
        region, account = arn.split(":")[3:5]
    for noun, there, here in (
        ("Region", literal(region), literal(region_of(stack))),
        ("account", literal(account), literal(account_of(stack))),
    ):
        if there and here and there != here:
            raise ConfigurationError(
                f"{path_of(listener)} must be in the function's {noun} {here}, got "
                f"{there}; a load balancer invokes functions of its own only, so "
                "define both in one",
                scope=function,
            )


def load_balancer_of(listener: Listener) -> str:
    """Give the load balancer as CloudWatch has it: `app/<name>/<id>`.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    arn = listener.listener_arn
    if isinstance(listener, elbv2.ApplicationListener):
        balancer = listener.load_balancer
        if isinstance(balancer, elbv2.ApplicationLoadBalancer):
            return balancer.load_balancer_full_name
        arn = balancer.load_balancer_arn
    # Of a listener's ARN and of a load balancer's, it is the same part.
    return "/".join(Fn.select(place, Fn.split("/", arn)) for place in (1, 2, 3))


def has_default_action(listener: Listener) -> bool:
    """Tell whether *listener* does something by default; an imported one does."""
    resource = _resource(listener)
    if resource is None:
        return True
    return bool(stack_of(listener).resolve(resource.default_actions))


def is_imported(listener: Listener) -> bool:
    """Tell whether *listener* is defined elsewhere than in the app."""
    return _resource(listener) is None


def free_priority(
    function: LambdaFunction, listener: Listener, wanted: float | None
) -> int:
    """Give the priority of one more rule: as *wanted*, or the next above all.

    Raises:
        ConfigurationError: Another rule in the app has it.
    """
    taken = {
        int(rule.priority): rule
        for rule in node_of(listener.node.root).find_all()
        if isinstance(rule, elbv2.CfnListenerRule)
        and rule.listener_arn == listener.listener_arn
        and literal(rule.priority) is not None
    }
    priority = max(taken, default=0) + 1 if wanted is None else wanted
    lowest, highest = limits.ALB_RULE_PRIORITY
    remedy = "pass priority= one that is free"
    check_range("priority", priority, lowest, highest, scope=function, remedy=remedy)
    if literal(priority) in taken:
        rule = taken[int(priority)]
        raise ConfigurationError(
            f"priority {priority:g} of {path_of(listener)} is taken by "
            f"{path_of(rule)}; {remedy}",
            scope=function,
        )
    return cast("int", priority)


def warn_of_http(function: LambdaFunction, listener: Listener) -> None:
    """Tell that what *listener* receives can be read on the way."""
    resource = _resource(listener)
    if resource is not None and resource.protocol == "HTTP":
        Practice.ALB_HTTP.warn(
            function,
            f"{path_of(listener)} takes plain HTTP, which can be read and changed on "
            "the way; let it redirect, and pass a listener of HTTPS",
        )


def warn_of_idle_timeout(function: LambdaFunction, listener: Listener) -> None:
    """Tell that the client's connection may close before the function answers.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
    """
    timeout, idle = seconds(function.timeout), _idle_timeout(listener)
    if timeout is not None and idle is not None and timeout > idle:
        Practice.ALB_IDLE_TIMEOUT.warn(
            function,
            f"the function may take {timeout:g} s, and its load balancer closes a "
            f"connection that is silent for {idle:g} s; raise idle_timeout of the load "
            "balancer, or lower the timeout",
        )


def _idle_timeout(listener: Listener) -> float | None:
    if not isinstance(listener, elbv2.ApplicationListener):
        return None
    balancer = listener.load_balancer
    resource = resource_of(balancer)
    if not isinstance(resource, elbv2.CfnLoadBalancer):
        return None
    attributes = stack_of(balancer).resolve(resource.load_balancer_attributes) or []
    for each in attributes:
        if each["key"] == "idle_timeout.timeout_seconds":
            given = str(each["value"])
            return float(given) if given.isdecimal() else None
    return float(limits.ALB_DEFAULT_IDLE_TIMEOUT_SECONDS)


def _resource(listener: Listener) -> elbv2.CfnListener | None:
    resource = resource_of(listener)
    return resource if isinstance(resource, elbv2.CfnListener) else None
