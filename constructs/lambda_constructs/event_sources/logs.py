"""Amazon CloudWatch Logs: lines of a log group invoke in batches, as they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_logs as logs

from lambda_constructs import limits
from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    stack_of,
)
from lambda_constructs._signals import place_of, sustained
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    is_token,
    nearest,
)
from lambda_constructs.event_sources._logs_groups import are_one, count_filters
from lambda_constructs.event_sources._mapping import already_bound, mapping_id
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
)
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.function import LambdaFunction
from lambda_constructs.signals import Limit, Signal

__all__ = ["LogsEventSource"]

SYSTEM_FIELDS = ("@aws.account", "@aws.region", "@source.log")
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html."""


@dataclass(frozen=True)
class LogsEventSource:
    """Process the lines of a log group that match a pattern, soon after they come in.

    CloudWatch Logs hands batches to Lambda and does not wait. A batch that the
    function fails ends where its `AsyncInvoke` says.

    A function must not watch the group that it logs to: each batch would make lines
    for the next, without end, and Lambda does not detect that loop. Nor should it log
    what it reads where something watches.

    The API's *distribution* is for Kinesis streams only, and so is not offered.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-recursion-prevention.html

    Attributes:
        log_group: The group to watch, of the function's Region and account.
        filter_pattern: Which lines to process, by `logs.FilterPattern` or in its own
            language, up to 1,024 characters: `logs.FilterPattern.any_term("ERROR")`.
            Every line has to be asked for, by `logs.FilterPattern.all_events()`.
        apply_on_transformed_logs: Whether the lines are those that the group's
            transformer made. Only for a group that has one.
        emit_system_fields: What to add to each line, where logs of several accounts
            or Regions are gathered: `@aws.account`, `@aws.region`, `@source.log`.
        field_selection_criteria: Which lines to process by the same fields, up to
            2,000 characters: `@aws.region = "eu-west-1"`.

    Raises:
        ConfigurationError: A value is too long, or of the wrong type.
    """

    log_group: logs.LogGroup | logs.ILogGroup
    _: KW_ONLY
    filter_pattern: logs.IFilterPattern | str
    apply_on_transformed_logs: bool | None = None
    emit_system_fields: Sequence[str] = ()
    field_selection_criteria: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        _check_length(
            "filter_pattern",
            self._pattern,
            limits.LOGS_FILTER_PATTERN_CHARACTERS,
            "match more, and choose in the handler",
        )
        _check_length(
            "field_selection_criteria",
            self.field_selection_criteria or "",
            limits.LOGS_FIELD_SELECTION_CHARACTERS,
            "select more, and choose in the handler",
        )
        for each in self.emit_system_fields:
            if each not in SYSTEM_FIELDS and not is_token(each):
                raise ConfigurationError(
                    f"emit_system_fields must be of {', '.join(SYSTEM_FIELDS)}, got "
                    f"{each!r}" + (nearest(each, SYSTEM_FIELDS) or "; leave it out")
                )

    def bind(self, function: LambdaFunction, /) -> logs.CfnSubscriptionFilter:
        """Send lines of the group to *function*, which CloudWatch Logs may invoke.

        Raises:
            ConfigurationError: The group and the function do not fit together.
        """
        id = mapping_id(function, "Logs", self.log_group)
        self._check_is_new(function)
        beside = (
            "CloudWatch Logs invokes functions beside it only, so define both in one"
        )
        check_same("Region", function, self.log_group, beside)
        check_same("account", function, self.log_group, beside)
        self._check_is_no_loop(function)
        count_filters(function, self.log_group)
        keep_failures(function)
        permission = allow_invoke(
            function,
            f"{id}-Permission",
            principal="logs.amazonaws.com",
            source_arn=self.log_group.log_group_arn,
            source_account=account_of(stack_of(function)),
        )
        # L1, since CDK's L2 leaves out three of the options, and SourceAccount.
        subscription = logs.CfnSubscriptionFilter(
            function,
            id,
            log_group_name=self.log_group.log_group_name,
            destination_arn=function_arn_of(function.live),
            filter_pattern=self._pattern,
            apply_on_transformed_logs=self.apply_on_transformed_logs,
            emit_system_fields=list(self.emit_system_fields) or None,
            field_selection_criteria=self.field_selection_criteria,
        )
        # CloudWatch Logs tries the permission when it creates the filter.
        node_of(subscription).add_dependency(permission)
        return subscription

    def signals(
        self, function: LambdaFunction, bound: logs.CfnSubscriptionFilter, /
    ) -> list[Signal]:
        """Tell what CloudWatch Logs could not deliver.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
        """
        of = place_of(function, self.log_group)

        def signal(metric: str, meaning: str, limit: Limit | None = None) -> Signal:
            return Signal(
                name=metric,
                of=of,
                namespace="AWS/Logs",
                metric_name=metric,
                dimensions={
                    "LogGroupName": self.log_group.log_group_name,
                    "DestinationType": "Lambda",
                    "FilterName": bound.ref,
                },
                meaning=meaning,
                limit=limit,
            )

        return [
            signal("ForwardedLogEvents", f"Lines of {of} that were sent."),
            signal(
                "DeliveryErrors",
                f"Lines of {of} could not be delivered: look at the function's "
                "permissions and at Throttles.",
                sustained(1),
            ),
        ]

    @property
    def _pattern(self) -> str:
        given = self.filter_pattern
        return given if isinstance(given, str) else given.log_pattern_string

    def _check_types(self) -> None:
        if not hasattr(self.log_group, "log_group_name"):
            raise ConfigurationError(
                f"log_group must be a log group, got {self.log_group!r}; "
                "pass the group itself"
            )
        pattern, fields = self.filter_pattern, self.emit_system_fields
        if not (isinstance(pattern, str) or hasattr(pattern, "log_pattern_string")):
            raise ConfigurationError(
                f"filter_pattern must be a pattern, got {pattern!r}; make it by "
                "logs.FilterPattern"
            )
        flag = self.apply_on_transformed_logs
        held = isinstance(flag, bool)
        check_type("apply_on_transformed_logs", flag, "True or False", holds=held)
        held = isinstance(fields, Sequence) and not isinstance(fields, str)
        check_type("emit_system_fields", fields, "a list of names", holds=held)
        criteria = self.field_selection_criteria
        held = isinstance(criteria, str)
        check_type("field_selection_criteria", criteria, "text", holds=held)

    def _check_is_new(self, function: LambdaFunction) -> None:
        for each in function.event_sources:
            if isinstance(each, LogsEventSource) and are_one(
                each.log_group, self.log_group
            ):
                raise already_bound(function, self.log_group)

    def _check_is_no_loop(self, function: LambdaFunction) -> None:
        if are_one(self.log_group, function.log_group):
            raise ConfigurationError(
                f"log_group must not be the one that the function logs to, got "
                f"{path_of(self.log_group)}, which would loop without end; give the "
                "function a log group of its own, or watch another",
                scope=function,
            )


def _check_length(name: str, value: str, most: int, remedy: str) -> None:
    if len(value) > most and not is_token(value):
        raise ConfigurationError(
            f"{name} must be at most {most:,} characters, got {len(value):,}; {remedy}"
        )
