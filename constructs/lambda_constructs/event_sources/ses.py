"""Amazon SES: a receipt rule invokes for each mail that it matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk.aws_ses_actions import LambdaInvocationType

from lambda_constructs import limits
from lambda_constructs._known import account_of, function_arn_of, node_of, stack_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_type,
    literal,
    seconds,
)
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
    source_id,
)
from lambda_constructs.event_sources._ses_rule import (
    SES,
    check_recipients,
    check_region,
    rule_arn,
    rule_name,
)
from lambda_constructs.event_sources._ses_store import (
    let_publish,
    put_into,
    s3_action,
)
from lambda_constructs.function import LambdaFunction

__all__ = ["SesEventSource"]

INVOCATION_TYPES = {
    LambdaInvocationType.EVENT: "Event",
    LambdaInvocationType.REQUEST_RESPONSE: "RequestResponse",
}


@dataclass(frozen=True)
class SesEventSource:
    """Process the mail that Amazon SES receives, by a receipt rule.

    The event has the headers and SES's verdicts, but no body: name a *bucket*, where
    the whole mail is before the function is invoked, under *object_key_prefix* and
    its message id, which is `mail.messageId` in the event.

    Of all rule sets of a Region one is active. CloudFormation cannot activate a set,
    so nothing is received until somebody does, once:
    `aws ses set-active-receipt-rule-set --rule-set-name NAME`.

    Attributes:
        rule_set: The set that the rule is part of.
        after: The rule of the set that this one follows. Left out, it is the first.
        bucket: Where to store the mail before invoking.
        enabled: Whether the rule applies.
        id: Tells this source from another of the same function.
        invocation_type: Whether SES waits for the answer, at most 30 seconds: for
            mail flow only, where the function returns a `disposition` of `CONTINUE`,
            `STOP_RULE` or `STOP_RULE_SET`.
        object_key_prefix: How the keys in *bucket* begin, as `raw/`.
        recipients: Whose mail: addresses, domains, or `.example.com` for its
            subdomains, up to 500. Left out, those of all verified domains.
        scan_enabled: Whether SES looks for spam and viruses. It rejects nothing for
            it: the verdicts are in the event.
        tls_policy: Whether mail has to come by TLS; what does not bounces.
        topic: What is told that the function was invoked.

    Raises:
        ConfigurationError: A value is out of range, or two exclude each other.
    """

    rule_set: ses.ReceiptRuleSet | ses.IReceiptRuleSet
    _: KW_ONLY
    after: ses.ReceiptRule | ses.IReceiptRule | ses.CfnReceiptRule | None = None
    bucket: s3.Bucket | s3.IBucket | None = None
    enabled: bool = True
    id: str = "Mail"
    invocation_type: LambdaInvocationType = LambdaInvocationType.EVENT
    object_key_prefix: str | None = None
    recipients: Sequence[str] = ()
    scan_enabled: bool = True
    tls_policy: ses.TlsPolicy = ses.TlsPolicy.REQUIRE
    topic: sns.Topic | sns.ITopic | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        check_recipients(self.recipients)
        prefix = literal(self.object_key_prefix)
        if self.object_key_prefix is not None and self.bucket is None:
            raise ConfigurationError(
                "object_key_prefix needs a bucket to store mail in, got none; pass "
                "bucket="
            )
        if prefix is not None and "*" in prefix:
            raise ConfigurationError(
                f"object_key_prefix must be literal, got {prefix!r}; pass 'raw/'"
            )

    def bind(self, function: LambdaFunction, /) -> ses.CfnReceiptRule:
        """Invoke *function* for each mail that the rule matches.

        Raises:
            ConfigurationError: The rule and the function do not fit together.
        """
        id = source_id(function, self.id)
        self._check_time(function)
        check_region(function)
        name = rule_name(function, id)
        set_name = self.rule_set.receipt_rule_set_name
        permission = allow_invoke(
            function,
            f"{id}Permission",
            principal=SES,
            source_arn=rule_arn(function, set_name, name),
            source_account=account_of(stack_of(function)),
        )
        rule = ses.CfnReceiptRule(
            function,
            id,
            rule_set_name=set_name,
            after=self._name_of_after(),
            rule=self._rule(name, function),
        )
        # SES tries each action's permission when it gets the rule.
        rule.add_resource_dependency(permission)
        if self.bucket is not None:
            prefix = self.object_key_prefix
            granted = put_into(function, self.bucket, prefix, name, set_name)
            if granted is not None:
                node_of(rule).add_dependency(granted)
        if self.topic is not None:
            let_publish(function, self.topic, name, set_name)
        if self.invocation_type == LambdaInvocationType.EVENT:
            keep_failures(function)
        return rule

    def _rule(
        self, name: str, function: LambdaFunction
    ) -> ses.CfnReceiptRule.RuleProperty:
        # L1, since CDK's action permits every rule of the account, and its rule has
        # a name that the permission cannot know.
        kinds = ses.CfnReceiptRule
        store = [s3_action(self.bucket, self.object_key_prefix)] if self.bucket else []
        invoke = kinds.LambdaActionProperty(
            function_arn=function_arn_of(function.live),
            invocation_type=INVOCATION_TYPES[self.invocation_type],
            topic_arn=self.topic.topic_arn if self.topic else None,
        )
        return kinds.RuleProperty(
            name=name,
            enabled=self.enabled,
            recipients=[*self.recipients] or None,
            scan_enabled=self.scan_enabled,
            tls_policy=self.tls_policy.value.capitalize(),
            actions=[*store, kinds.ActionProperty(lambda_action=invoke)],
        )

    def _name_of_after(self) -> str | None:
        if self.after is None:
            return None
        name = getattr(self.after, "receipt_rule_name", None)
        return str(name or getattr(self.after, "ref", ""))

    def _check_time(self, function: LambdaFunction) -> None:
        if self.invocation_type == LambdaInvocationType.EVENT:
            return
        check_range(
            "timeout",
            seconds(function.timeout),
            *limits.SES_ANSWER_SECONDS,
            unit="s",
            scope=function,
            remedy="SES waits no longer, so lower it, or let SES not wait",
        )

    def _check_types(self) -> None:
        if not hasattr(self.rule_set, "receipt_rule_set_name"):
            raise ConfigurationError(
                f"rule_set must be a receipt rule set, got {self.rule_set!r}; pass the "
                "ReceiptRuleSet itself"
            )
        rule = self.after
        for name, value, held, wanted in (
            (
                "after",
                rule,
                hasattr(rule, "receipt_rule_name")
                or isinstance(rule, ses.CfnReceiptRule),
                "a receipt rule",
            ),
            ("bucket", self.bucket, hasattr(self.bucket, "bucket_arn"), "an S3 bucket"),
            ("topic", self.topic, hasattr(self.topic, "topic_arn"), "an SNS topic"),
            *(
                (name, value, isinstance(value, kind), wanted)
                for name, value, kind, wanted in (
                    ("enabled", self.enabled, bool, "True or False"),
                    ("scan_enabled", self.scan_enabled, bool, "True or False"),
                    ("object_key_prefix", self.object_key_prefix, str, "text"),
                    ("tls_policy", self.tls_policy, ses.TlsPolicy, "a TlsPolicy"),
                    (
                        "invocation_type",
                        self.invocation_type,
                        LambdaInvocationType,
                        "a LambdaInvocationType of aws_ses_actions",
                    ),
                )
            ),
        ):
            check_type(name, value, wanted, holds=held)
