"""Elastic Load Balancing: what leads to a function."""

from __future__ import annotations

import hashlib

from lambda_constructs.testing._http.alb import dns_name
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_load_balancer(request: Request) -> Created:
    """Create a load balancer."""
    name = request.name(request.properties.get("Name"), most=32)
    full = f"app/{name}/{_digits(request)}"
    arn = request.arn("elasticloadbalancing", f"loadbalancer/{full}")
    _keep(request, "load balancer", arn)
    attributes = {
        "CanonicalHostedZoneID": "Z32O12XQLNTSW2",
        "DNSName": dns_name(arn),
        "LoadBalancerArn": arn,
        "LoadBalancerFullName": full,
        "LoadBalancerName": name,
        "SecurityGroups": request.properties.get("SecurityGroups", []),
    }
    return Created(arn, attributes)


def create_listener(request: Request) -> Created:
    """Let a load balancer listen."""
    load_balancer = str(request.properties["LoadBalancerArn"])
    arn = f"{load_balancer.replace(':loadbalancer/', ':listener/')}/{_digits(request)}"
    _keep(request, "listener", arn)
    return Created(arn, {"ListenerArn": arn})


def create_rule(request: Request) -> Created:
    """Add a rule to a listener."""
    listener = str(request.properties["ListenerArn"])
    arn = f"{listener.replace(':listener/', ':listener-rule/')}/{_digits(request)}"
    _keep(request, "rule", arn)
    return Created(arn, {"IsDefault": False, "RuleArn": arn})


def create_target_group(request: Request) -> Created:
    """Create a target group."""
    name = request.name(request.properties.get("Name"), most=32)
    full = f"targetgroup/{name}/{_digits(request)}"
    arn = request.arn("elasticloadbalancing", full)
    _keep(request, "target group", arn)
    attributes = {
        "LoadBalancerArns": [],
        "TargetGroupArn": arn,
        "TargetGroupFullName": full,
        "TargetGroupName": name,
    }
    return Created(arn, attributes)


def _keep(request: Request, kind: str, ref: str) -> None:
    piece = Piece(ref, request.path, request.properties)
    fronts_of(request.account).add(kind, piece)


def _digits(request: Request) -> str:
    name = f"{request.stack}/{request.logical_id}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


CREATE: dict[str, Create] = {
    "AWS::ElasticLoadBalancingV2::Listener": create_listener,
    "AWS::ElasticLoadBalancingV2::ListenerRule": create_rule,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": create_load_balancer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": create_target_group,
}
