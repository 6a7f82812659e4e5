"""Health checks of a load balancer's target group whose target is a function."""

from __future__ import annotations

import re

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from lambda_constructs import limits
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_range,
    check_type,
    check_whole,
    is_token,
    seconds,
)

CODES = re.compile(r"[0-9]{3}(-[0-9]{3})?(,[0-9]{3}(-[0-9]{3})?)*")


def settled_health_check(check: elbv2.HealthCheck | None) -> elbv2.HealthCheck | None:
    """Give *check*, switched on: given to a function, CDK would leave it off.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#enable-health-checks-lambda

    Raises:
        ConfigurationError: Elastic Load Balancing would refuse it.
    """
    if check is None:
        return None
    held = isinstance(check, elbv2.HealthCheck)
    check_type("health_check", check, "an elbv2.HealthCheck", holds=held)
    _check_times(check)
    for name in ("healthy_threshold_count", "unhealthy_threshold_count"):
        value = getattr(check, name)
        check_whole(f"health_check {name}", value)
        check_range(f"health_check {name}", value, *limits.HEALTH_CHECK_THRESHOLD)
    _check_path(check.path)
    _check_codes(check.healthy_http_codes)
    for name in ("healthy_grpc_codes", "port", "protocol"):
        if getattr(check, name) is not None:
            raise ConfigurationError(
                f"health_check {name} does not apply to a function, got "
                f"{getattr(check, name)!r}; leave it out"
            )
    return elbv2.HealthCheck(
        enabled=check.enabled is not False,
        healthy_http_codes=check.healthy_http_codes,
        healthy_threshold_count=check.healthy_threshold_count,
        interval=check.interval,
        path=check.path,
        timeout=check.timeout,
        unhealthy_threshold_count=check.unhealthy_threshold_count,
    )


def _check_times(check: elbv2.HealthCheck) -> None:
    for name, value, bounds in (
        ("interval", check.interval, limits.HEALTH_CHECK_INTERVAL_SECONDS),
        ("timeout", check.timeout, limits.HEALTH_CHECK_TIMEOUT_SECONDS),
    ):
        check_duration(f"health_check {name}", value)
        check_range(f"health_check {name}", seconds(value), *bounds, unit="s")
    interval = timeout = None
    if check.interval is None:
        interval = float(limits.HEALTH_CHECK_DEFAULT_INTERVAL_SECONDS)
    else:
        interval = seconds(check.interval)
    if check.timeout is None:
        timeout = float(limits.HEALTH_CHECK_DEFAULT_TIMEOUT_SECONDS)
    else:
        timeout = seconds(check.timeout)
    if interval is not None and timeout is not None and timeout >= interval:
        raise ConfigurationError(
            f"health_check timeout must be below its interval of {interval:g} s, got "
            f"{timeout:g} s; pass both"
        )


def _check_path(path: str | None) -> None:
    if path is None or is_token(path):
        return
    if not path.startswith("/") or len(path) > limits.HEALTH_CHECK_PATH_CHARACTERS:
        raise ConfigurationError(
            "health_check path must begin with / and be at most "
            f"{limits.HEALTH_CHECK_PATH_CHARACTERS:,} characters, got {path:.60}"
        )


def _check_codes(codes: str | None) -> None:
    if codes is None or is_token(codes):
        return
    low, high = limits.HEALTH_CHECK_CODES
    known = CODES.fullmatch(codes) is not None
    ranges = [each.split("-") for each in codes.split(",")] if known else []
    if not known or not all(
        low <= int(each[0]) <= int(each[-1]) <= high for each in ranges
    ):
        raise ConfigurationError(
            f"health_check healthy_http_codes must be of {low} to {high}, as in "
            f"'200,204' or '200-299', got {codes!r}"
        )
