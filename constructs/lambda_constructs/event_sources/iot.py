"""AWS IoT Core: a rule selects MQTT messages, and Lambda queues each as an event."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._destinations import to_queue
from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    stack_of,
)
from lambda_constructs._queues import failure_queue
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    is_token,
)
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
    source_id,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["IotEventSource"]

PRINCIPAL = "iot.amazonaws.com"

SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)

SQL_VERSIONS = ("2015-10-08", "2016-03-23", "beta")
"""https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-sql-version.html."""


@dataclass(frozen=True)
class IotEventSource:
    """Process the messages that a rule of AWS IoT Core selects.

    The rule's error action keeps what IoT could not hand to Lambda, with the message
    in base64. What the function then fails on is an asynchronous event like any other,
    and ends where the function's failures end.

    https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html

    Attributes:
        sql: The rule's statement, as `SELECT *, topic(2) AS device_id FROM
            'devices/+/telemetry'`. A `+` in the topic is one level, a `#` the rest.
        aws_iot_sql_version: The version of SQL, `2015-10-08`, `2016-03-23` or `beta`.
        dead_letter_queue: The standard queue that the error action sends to. Left out,
            one is made: encrypted, TLS only, 14 days, as the child `Undelivered` of
            the rule.
        description: What the rule is for.
        enabled: Whether the rule acts.
        error_action: Any other error action, with a role of its own; not together with
            *dead_letter_queue*.
        id: Its name below the function; a second rule needs another.

    Raises:
        ConfigurationError: IoT would refuse the rule.
    """

    sql: str
    _: KW_ONLY
    aws_iot_sql_version: str = "2016-03-23"
    dead_letter_queue: sqs.Queue | sqs.IQueue | None = None
    description: str | None = None
    enabled: bool = True
    error_action: iot.CfnTopicRule.ActionProperty | None = None
    id: str = "TopicRule"

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        self._check_sql()
        if self.aws_iot_sql_version not in SQL_VERSIONS:
            raise ConfigurationError(
                f"aws_iot_sql_version must be {', '.join(SQL_VERSIONS[:-1])} or "
                f"{SQL_VERSIONS[-1]}, got {self.aws_iot_sql_version!r}"
            )
        if self.error_action is not None and self.dead_letter_queue is not None:
            raise ConfigurationError(
                "dead_letter_queue and error_action exclude each other, since a rule "
                "has one error action; leave one out"
            )
        if self.dead_letter_queue is not None and self.dead_letter_queue.fifo:
            # https://docs.aws.amazon.com/iot/latest/developerguide/sqs-rule-action.html
            raise ConfigurationError(
                "dead_letter_queue must be standard, got FIFO "
                f"{path_of(self.dead_letter_queue)}; IoT cannot send to FIFO, pass a "
                "standard one"
            )

    def bind(self, function: LambdaFunction, /) -> iot.CfnTopicRule:
        """Let the rule invoke *function* with each message that it selects.

        Raises:
            ConfigurationError: Another source of the function has this id.
        """
        scope = Construct(function, source_id(function, self.id))
        if self.aws_iot_sql_version == "beta":
            Practice.IOT_SQL_VERSION.warn(
                function,
                f"{self.id} uses the beta of IoT's SQL, which may change under it; "
                "pass aws_iot_sql_version='2016-03-23'",
            )
        keep_failures(function)
        rule = self._rule(scope, function)
        allow_invoke(
            function,
            f"{self.id}Permission",
            principal=PRINCIPAL,
            source_arn=rule.attr_arn,
            source_account=account_of(stack_of(function)),
        )
        return rule

    def _rule(self, scope: Construct, function: LambdaFunction) -> iot.CfnTopicRule:
        kinds = iot.CfnTopicRule
        on_error, policies = self._on_error(scope, function)
        invoke = kinds.LambdaActionProperty(function_arn=function_arn_of(function.live))
        rule = kinds(
            scope,
            "Resource",
            topic_rule_payload=kinds.TopicRulePayloadProperty(
                sql=self.sql,
                aws_iot_sql_version=self.aws_iot_sql_version,
                actions=[kinds.ActionProperty(lambda_=invoke)],
                description=self.description,
                error_action=on_error,
                rule_disabled=not self.enabled,
            ),
        )
        # Till the permission is there, which needs the rule, every message is an error.
        node_of(rule).add_dependency(*policies)
        return rule

    def _on_error(
        self, scope: Construct, function: LambdaFunction
    ) -> tuple[iot.CfnTopicRule.ActionProperty, list[iam.ManagedPolicy]]:
        """Give the error action, and what it needs before the rule begins."""
        if self.error_action is not None:
            return self.error_action, []
        queue = self.dead_letter_queue
        if queue is None:
            queue = failure_queue(
                scope, "Undelivered", encryption_key=function.encryption_key
            )
            function.failure_queues.append(queue)
        role = iam.Role(scope, "Role", assumed_by=_rules_of(stack_of(scope)))
        policy = iam.ManagedPolicy(
            scope,
            "Policy",
            roles=[role],
            statements=list(to_queue(queue, function).statements),
        )
        send = iot.CfnTopicRule.SqsActionProperty(
            queue_url=queue.queue_url, role_arn=role.role_arn, use_base64=False
        )
        return iot.CfnTopicRule.ActionProperty(sqs=send), [policy]

    def _check_types(self) -> None:
        for name in ("sql", "aws_iot_sql_version", "description", "id"):
            held = isinstance(getattr(self, name), str)
            check_type(name, getattr(self, name), "text", holds=held)
        check_type(
            "enabled",
            self.enabled,
            "True or False",
            holds=isinstance(self.enabled, bool),
        )
        queue, action = self.dead_letter_queue, self.error_action
        held = hasattr(queue, "queue_arn") and hasattr(queue, "fifo")
        check_type("dead_letter_queue", queue, "an SQS queue", holds=held)
        held = isinstance(action, iot.CfnTopicRule.ActionProperty)
        wanted = "a CfnTopicRule.ActionProperty of aws_iot"
        check_type("error_action", action, wanted, holds=held)

    def _check_sql(self) -> None:
        if self.sql is None or (not is_token(self.sql) and not SELECT.match(self.sql)):
            raise ConfigurationError(
                f"sql must begin with SELECT, got {self.sql!r}; "
                "begin with SELECT * for whole messages"
            )
        size = len(self.sql.encode())
        if size > limits.IOT_RULE_BYTES:
            raise ConfigurationError(
                f"sql must be at most {limits.IOT_RULE_BYTES:,} bytes, got {size:,}; "
                "let the function tell the messages apart"
            )


def _rules_of(stack: Stack) -> iam.ServicePrincipal:
    """Trust the rules of this account alone, by what the guide says of their roles.

    All of them, since the rule's name is CloudFormation's, and the rule needs the role.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-create-role.html
    """
    rules = stack.format_arn(service="iot", resource="rule", resource_name="*")
    return iam.ServicePrincipal(
        PRINCIPAL,
        conditions={
            "ArnLike": {"aws:SourceArn": rules},
            "StringEquals": {"aws:SourceAccount": account_of(stack)},
        },
    )
