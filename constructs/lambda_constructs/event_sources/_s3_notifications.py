"""The notifications of a bucket, which are one property of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from aws_cdk import aws_s3 as s3

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, path_of, stack_of
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._s3_events import either
from lambda_constructs.function import LambdaFunction


@dataclass(frozen=True)
class Notification:
    """One kind of event, for the keys between *prefix* and *suffix*."""

    event: str
    prefix: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, event: str, prefix: str | None, suffix: str | None) -> Notification:
        """Make one, whose filters are encoded as keys are in events.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
        """
        return cls(event, *(_encoded(each or "") for each in (prefix, suffix)))

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{self.event} for keys {self.prefix}*{self.suffix}"

    def overlaps(self, other: Notification) -> bool:
        """Tell whether one event could be for both."""
        return (
            _covers(self.event, other.event)
            and either(str.startswith, self.prefix, other.prefix)
            and either(str.endswith, self.suffix, other.suffix)
        )

    def invoke(self, arn: str) -> s3.CfnBucket.LambdaConfigurationProperty:
        """Give the property by which the bucket invokes a function."""
        rules = [
            s3.CfnBucket.FilterRuleProperty(name=name, value=value)
            for name, value in (("prefix", self.prefix), ("suffix", self.suffix))
            if value
        ]
        return s3.CfnBucket.LambdaConfigurationProperty(
            event=self.event,
            function=arn,
            filter=s3.CfnBucket.NotificationFilterProperty(
                s3_key=s3.CfnBucket.S3KeyFilterProperty(rules=rules)
            )
            if rules
            else None,
        )


def notify(
    function: LambdaFunction, bucket: s3.CfnBucket, added: Sequence[Notification]
) -> None:
    """Add to the notifications of a bucket; what it has remains.

    Raises:
        ConfigurationError: S3 would refuse them.
    """
    made = s3.CfnBucket.NotificationConfigurationProperty
    held = bucket.notification_configuration
    if held is not None and not isinstance(held, made):
        raise ConfigurationError(
            f"notification_configuration of {path_of(bucket)} is a token, to which "
            "nothing can be added; set a NotificationConfigurationProperty",
            scope=function,
        )
    given = list(_given(stack_of(bucket).resolve(held) or {}))
    _check(function, bucket, given, added)
    functions = held.lambda_configurations if held is not None else None
    if functions is not None and not isinstance(functions, list):
        raise ConfigurationError(
            f"lambda_configurations of {path_of(bucket)} is a token, to which "
            "nothing can be added; set a list",
            scope=function,
        )
    arn = function_arn_of(function.live)
    bucket.notification_configuration = made(
        event_bridge_configuration=held.event_bridge_configuration if held else None,
        lambda_configurations=[
            *(functions or []),
            *(each.invoke(arn) for each in added),
        ],
        queue_configurations=held.queue_configurations if held else None,
        topic_configurations=held.topic_configurations if held else None,
    )


def _given(configuration: dict[str, list[dict[str, object]]]) -> Iterator[Notification]:
    for kind in ("lambda", "queue", "topic"):
        for each in configuration.get(f"{kind}Configurations", []):
            within: object = each.get("filter") or {}
            key = within.get("s3Key", {}) if isinstance(within, dict) else {}
            rules = {
                rule["name"].lower(): rule["value"] for rule in key.get("rules", [])
            }
            yield Notification(
                str(each["event"]), rules.get("prefix", ""), rules.get("suffix", "")
            )


def _check(
    function: LambdaFunction,
    bucket: s3.CfnBucket,
    given: Sequence[Notification],
    added: Sequence[Notification],
) -> None:
    for one in added:
        for other in given:
            if one.overlaps(other):
                raise ConfigurationError(
                    f"{path_of(bucket)} has {other} already, which {one} overlaps "
                    "and S3 refuses; give them prefixes that no key can share, or "
                    "use S3EventSource for each",
                    scope=function,
                )
    total = len(given) + len(added)
    if total > limits.S3_NOTIFICATIONS:
        raise ConfigurationError(
            f"{path_of(bucket)} must have at most {limits.S3_NOTIFICATIONS} "
            f"notifications, got {total}; use S3EventSource for some",
            scope=function,
        )


def _encoded(value: str) -> str:
    return quote_plus(value, safe="/!-_.*'()")


def _covers(one: str, other: str) -> bool:
    """Tell whether two events, of which each may end in a wildcard, share one."""
    return either(str.startswith, one.removesuffix("*"), other.removesuffix("*")) and (
        one == other or "*" in one + other
    )
