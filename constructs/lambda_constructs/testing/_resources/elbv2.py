"""Elastic Load Balancing: what leads to a function."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from lambda_constructs.testing._http.alb import dns_name
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


def create_load_balancer(request: Request) -> Created:
    """Create a load balancer."""
    name = request.name(request.properties.get("Name"), most=32)
    full = f"app/{name}/{_digits(request)}"
    arn = request.arn("elasticloadbalancing", f"loadbalancer/{full}")
    _keep(request, "load balancer", arn)
    _check_logs(request, arn)
    attributes = {
        "CanonicalHostedZoneID": "Z32O12XQLNTSW2",
        "DNSName": dns_name(arn),
        "LoadBalancerArn": arn,
        "LoadBalancerFullName": full,
        "LoadBalancerName": name,
        "SecurityGroups": request.properties.get("SecurityGroups", []),
    }
    return Created(arn, attributes)


def _check_logs(request: Request, arn: str) -> None:
    """Note if the bucket for access logs does not take the test file.

    A policy that names one of the Regions' own accounts is not looked at.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    given = request.properties.get("LoadBalancerAttributes", [])
    values = {each["Key"]: str(each["Value"]) for each in given}
    bucket = f"arn:aws:s3:::{values.get('access_logs.s3.bucket', '')}"
    if values.get("access_logs.s3.enabled") != "true":
        return
    policy = request.account.authority.policies.of_resource(bucket)
    if policy is not None and any(
        each.principals and each.principals.accounts for each in policy.allows
    ):
        return
    prefix = values.get("access_logs.s3.prefix", "")
    below = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    key = f"{below}/{request.account.id}/ELBAccessLogTestFile"
    with suppress(DeliveryError):  # which is in the timeline
        sender = Sender(LOG_DELIVERY, arn)
        check(request.account, sender, "s3:PutObject", f"{bucket}/{key}", {})


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
