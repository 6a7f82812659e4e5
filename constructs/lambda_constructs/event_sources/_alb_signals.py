"""What a load balancer tells of requests to a function."""

from __future__ import annotations

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs._signals import place_of, sustained
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Limit, Signal

FAILING = "Clients get errors again and again: "


def alb_signals(
    function: LambdaFunction,
    listener: elbv2.ApplicationListener | elbv2.IApplicationListener,
    group: elbv2.ApplicationTargetGroup,
) -> list[Signal]:
    """Watch the target group; and, where its load balancer is known, what it answers.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    of = place_of(function, group)
    alone = {"TargetGroup": group.target_group_full_name}

    def signal(
        metric: str,
        dimensions: dict[str, str],
        meaning: str,
        limit: Limit | None = None,
        statistic: str = "Sum",
        unit: str = "count",
    ) -> Signal:
        return Signal(
            name=metric,
            of=of,
            namespace="AWS/ApplicationELB",
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            unit=unit,
            meaning=meaning,
            limit=limit,
        )

    limit = sustained(1)
    failing = f"{FAILING}the function fails, or what it answers is no answer."
    refused = f"{FAILING}the load balancer may not invoke it, or is throttled."
    found = [
        signal("LambdaUserError", alone, failing, limit),
        signal("LambdaInternalError", alone, refused, limit),
    ]
    balancer = getattr(listener, "load_balancer", None)
    if not isinstance(balancer, elbv2.ApplicationLoadBalancer):
        return found
    both = {**alone, "LoadBalancer": balancer.load_balancer_full_name}
    own = f"{FAILING}the function itself answers with 500 or more."
    waits = "How long the load balancer waits for the function."
    return [
        signal("RequestCount", both, "Requests that were for the function."),
        *found,
        signal("HTTPCode_Target_5XX_Count", both, own, limit),
        signal("TargetResponseTime", both, waits, None, "p99", "s"),
    ]
