"""Elastic Load Balancing: an Application Load Balancer invokes, and waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs._rollback import Watched, server_errors
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_whole,
    literal,
)
from lambda_constructs.event_sources._alb_health_check import settled_health_check
from lambda_constructs.event_sources._alb_listener import (
    check_place,
    free_priority,
    has_default_action,
    is_imported,
    load_balancer_of,
    warn_of_http,
    warn_of_idle_timeout,
)
from lambda_constructs.event_sources._alb_rule import check_conditions
from lambda_constructs.event_sources._alb_signals import alb_signals
from lambda_constructs.event_sources._alb_target_group import target_group_name
from lambda_constructs.event_sources._mapping import path_as_id
from lambda_constructs.event_sources._push import allow_invoke
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Signal

__all__ = ["AlbEventSource"]

PRINCIPAL = "elasticloadbalancing.amazonaws.com"


@dataclass(frozen=True)
class AlbEventSource:
    """Answer requests that an Application Load Balancer receives.

    The client gets what the handler returns. What the load balancer cannot understand
    is a 502 to the client, and so is an error of the function, its timeout, a
    throttle, and an answer of more than 1 MB; nothing is retried or kept. Requests
    may be up to 1 MB, too; a WebSocket is refused.

    Without conditions the function is what the listener does by default, with some it
    is a rule of the listener. Each has a target group of its own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html

    Attributes:
        listener: The listener that receives the requests, by HTTPS. Its load balancer
            is in the Region and the account of the function.
        conditions: Which requests are meant, by `elbv2.ListenerCondition`: all of the
            conditions have to hold. They have up to five values and six wildcards
            together, each of up to 128 characters, and there is one condition at most
            of host, method, path and source. A rule for GET is none for HEAD.
        health_check: How to find out whether the function answers: interval of 5 to
            300 seconds, a shorter timeout of 2 to 120, thresholds of 2 to 10, path,
            and codes of 200 to 499. Each check, of each Availability Zone, is an
            invocation that is billed. With a function that is unhealthy the load
            balancer goes on asking it, since there is no other in its target group.
        multi_value_headers: Whether headers and query parameters come as lists. The
            handler must then answer `multiValueHeaders`, and otherwise `headers`.
            Without, only the last of several values arrives, and one cookie only can
            be set.
        priority: Which rule is asked first, 1 to 50,000: that of the lowest number.
            Left out, the next above every one in the app that this listener has by
            then; so rules that change places are best numbered. An imported listener
            may have others, and needs it.

    Raises:
        ConfigurationError: A value is out of range, or two do not fit together.
    """

    listener: elbv2.ApplicationListener | elbv2.IApplicationListener
    _: KW_ONLY
    conditions: Sequence[elbv2.ListenerCondition] = ()
    health_check: elbv2.HealthCheck | None = None
    multi_value_headers: bool = True
    priority: int | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        held = hasattr(self.listener, "listener_arn")
        # A listener of a network load balancer has no security groups to connect.
        if not held or not hasattr(self.listener, "connections"):
            raise ConfigurationError(
                "listener must be one of an Application Load Balancer, got "
                f"{self.listener!r}; pass what add_listener() gave"
            )
        check_whole("priority", self.priority)
        check_range("priority", self.priority, *limits.ALB_RULE_PRIORITY)
        check_conditions(self.conditions)
        if self.priority is not None and not self.conditions:
            raise ConfigurationError(
                "priority is that of a rule, and a rule needs conditions, got none; "
                "pass conditions, or leave priority out for the default action"
            )
        settled_health_check(self.health_check)

    def bind(self, function: LambdaFunction, /) -> elbv2.ApplicationTargetGroup:
        """Forward requests to *function*, and give the target group.

        Raises:
            ConfigurationError: The listener and the function do not fit together, or
                the priority is taken.
        """
        id = self._id(function)
        check_tenants(function)
        check_place(function, self.listener)
        self._check_default_action(function)
        priority = self._priority(function)
        warn_of_http(function, self.listener)
        warn_of_idle_timeout(function, self.listener)
        group = self._target_group(function, id)
        if priority is None:
            self.listener.add_target_groups("Default", target_groups=[group])
        else:
            elbv2.ApplicationListenerRule(
                function,
                f"{id}-Rule",
                listener=self.listener,
                conditions=list(self.conditions),
                priority=priority,
                target_groups=[group],
            )
        return group

    def rollback_metrics(self, _: LambdaFunction, /) -> Iterable[Watched]:
        """A release goes back if the load balancer passes on answers of 5xx.

        Those of all its targets: that of the function waits for the alias, and so
        would an alarm on it, which the alias waits for.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        """
        of = {"LoadBalancer": load_balancer_of(self.listener)}
        name = "HTTPCode_Target_5XX_Count"
        return [server_errors("AWS/ApplicationELB", name, of)]

    def signals(
        self, function: LambdaFunction, bound: elbv2.ApplicationTargetGroup, /
    ) -> list[Signal]:
        """Tell of requests that the load balancer could not have answered."""
        return alb_signals(function, self.listener, bound)

    def _id(self, function: LambdaFunction) -> str:
        """Give the id of the target group.

        A rule whose number changes becomes another one: under its old id, it could
        not take over the number of one that goes.
        """
        id = f"Alb-{path_as_id(function, self.listener)}"
        if literal(self.priority) is not None:
            id += f"-{self.priority}"
        if node_of(function).try_find_child(id) is not None:
            raise ConfigurationError(
                f"{path_of(self.listener)} is an event source already; pass another "
                "priority= to this one, which tells them apart",
                scope=function,
            )
        return id

    def _check_default_action(self, function: LambdaFunction) -> None:
        if not self.conditions and has_default_action(self.listener):
            raise ConfigurationError(
                f"{path_of(self.listener)} has a default action already; pass "
                "conditions= that say which requests are meant",
                scope=function,
            )

    def _priority(self, function: LambdaFunction) -> int | None:
        if not self.conditions:
            return None
        if self.priority is None and is_imported(self.listener):
            raise ConfigurationError(
                f"priority must be given for imported {path_of(self.listener)}, got "
                "none, since the numbers of its other rules are not known; pass "
                "priority= one that is free",
                scope=function,
            )
        return free_priority(function, self.listener, self.priority)

    def _target_group(
        self, function: LambdaFunction, id: str
    ) -> elbv2.ApplicationTargetGroup:
        # Registering the target takes the permission, whose source is the target
        # group: a cycle, for which CDK leaves the source out. Hence a name that is
        # known before the group is there, the one physical name of this library.
        stack, name = stack_of(function), target_group_name(function, id)
        permission = allow_invoke(
            function,
            f"{id}-Permission",
            principal=PRINCIPAL,
            source_arn=stack.format_arn(
                service="elasticloadbalancing",
                resource="targetgroup",
                resource_name=f"{name}/*",
            ),
            source_account=account_of(stack),
        )
        group = elbv2.ApplicationTargetGroup(
            function,
            id,
            target_type=elbv2.TargetType.LAMBDA,
            target_group_name=name,
            health_check=settled_health_check(self.health_check),
            multi_value_headers_enabled=self.multi_value_headers,
        )
        # Not LambdaTarget, which would let every target group of everyone invoke.
        resource = cast("elbv2.CfnTargetGroup", resource_of(group))
        resource.targets = [
            elbv2.CfnTargetGroup.TargetDescriptionProperty(
                id=function_arn_of(function.live)
            )
        ]
        node_of(group).add_dependency(permission)
        return group
