"""Amazon SNS: the topic invokes with one message, and does not wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, partial

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.region_info import RegionInfo

from lambda_constructs._known import (
    account_of,
    function_arn_of,
    node_of,
    path_of,
    queue_arn_of,
    region_of,
    resource_of,
    stack_of,
)
from lambda_constructs._signals import given_depth, is_here, place_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_type,
    literal,
)
from lambda_constructs.event_sources._mapping import already_bound, mapping_id
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
    undelivered,
)
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.event_sources._sns_filter_policy import (
    as_json,
    check_filter_policy,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Limit, Signal

__all__ = ["SnsEventSource"]

PRINCIPAL = "sns.amazonaws.com"

ALIAS = Acknowledgment(
    id="CloudFormation-Validate::W3694",
    reason="the rule knows the ARN of a function, and not that of its alias",
)


@dataclass(frozen=True)
class SnsEventSource:
    """Process the messages of a standard topic, each in an invocation of its own.

    Two stores keep what fails, and neither knows of the other. A message that SNS
    could not deliver to Lambda ends in the subscription's dead-letter queue. One that
    was delivered, and that the function then failed, ends where its `AsyncInvoke`
    says. Both are of the function's `failure_queues`, where the library made them.

    A topic in another Region, or of another account that lets this one subscribe, is
    subscribed to as well. An encrypted topic needs nothing of the function: the
    publishers need `kms:GenerateDataKey` and `kms:Decrypt` on its key. Where these
    are other services of AWS, as alarms are, the key must not be `alias/aws/sns`,
    which cannot be opened to them.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html

    Attributes:
        topic: The topic to subscribe to. Not a FIFO one: these deliver to queues.
        dead_letter_queue: Where SNS sends what it could not deliver: a standard queue
            in the topic's Region. Left out, a queue is made beside the function, if
            the topic is in its Region.
        filter_policy: Which messages to process by their attributes: for each of up
            to five keys the values that it may have, as SNS's own JSON
            (`{"kind": ["order", {"prefix": "re"}]}`) or as `sns.SubscriptionFilter`.
            Left out, and without the next one, every message.
        filter_policy_with_message_body: The same by the fields of the message, which
            has to be JSON then; may be nested, and hold `sns.FilterOrPolicy`. Not
            together with *filter_policy*.

    Raises:
        ConfigurationError: SNS would refuse a policy, or both are given.
    """

    topic: sns.Topic | sns.ITopic
    _: KW_ONLY
    dead_letter_queue: sqs.Queue | sqs.IQueue | None = None
    filter_policy: Mapping[str, object] | None = None
    filter_policy_with_message_body: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        if (
            self.filter_policy is not None
            and self.filter_policy_with_message_body is not None
        ):
            raise ConfigurationError(
                "filter_policy and filter_policy_with_message_body exclude each other; "
                "SNS reads either the attributes or the body, so pass one"
            )
        check_filter_policy("filter_policy", self.filter_policy, nested=False)
        check_filter_policy(
            "filter_policy_with_message_body",
            self.filter_policy_with_message_body,
            nested=True,
        )

    def bind(self, function: LambdaFunction, /) -> sns.CfnSubscription:
        """Subscribe *function* to the topic, which may then invoke it.

        Raises:
            ConfigurationError: The topic and the function do not fit together.
        """
        id = mapping_id(function, "Sns", self.topic)
        self._check_is_new(function)
        self._check_topic(function)
        self._check_dead_letter_queue(function)
        principal = self._principal(function)
        keep_failures(function)
        permission = allow_invoke(
            function,
            f"{id}-Permission",
            principal=principal,
            source_arn=self._arn,
        )
        queue = self._undelivered(function, f"{id}-Undelivered")
        body = self.filter_policy_with_message_body
        policy = self.filter_policy if body is None else body
        # L1, in the function's stack: CDK's L2 has no operator but its own, and
        # subscribes before the permission is there.
        subscription = sns.CfnSubscription(
            function,
            id,
            topic_arn=self._arn,
            protocol="lambda",
            endpoint=function_arn_of(function.live),
            filter_policy=None if policy is None else as_json(policy),
            filter_policy_scope=None if body is None else "MessageBody",
            redrive_policy=queue and {"deadLetterTargetArn": queue_arn_of(queue)},
            region=self._region(function),
        )
        # What comes before the permission is refused, and SNS does not try it again.
        node_of(subscription).add_dependency(permission)
        if queue is not None:
            # The queue itself is named above.
            allowed = node_of(queue).try_find_child("Policy")
            if allowed is not None:
                node_of(subscription).add_dependency(allowed)
        Validations.of(subscription).acknowledge(ALIAS)
        return subscription

    def signals(
        self, function: LambdaFunction, _bound: sns.CfnSubscription, /
    ) -> list[Signal]:
        """Tell what the topic could neither deliver nor keep.

        https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
        """
        found = given_depth(self.dead_letter_queue, function)
        if not is_here(function, self.topic):
            return found
        of = place_of(function, self.topic)

        def signal(metric: str, meaning: str, limit: Limit | None = None) -> Signal:
            return Signal(
                name=metric,
                of=of,
                namespace="AWS/SNS",
                metric_name=metric,
                dimensions={"TopicName": self.topic.topic_name},
                meaning=meaning,
                limit=limit,
            )

        lost = (
            f"{of} could neither deliver a message nor keep it, so it is lost: look at "
            "the policy of its dead-letter queues."
        )
        return [
            signal("NumberOfMessagesPublished", f"What {of} is told."),
            signal(
                "NumberOfNotificationsFailedToRedriveToDlq", lost, Limit(threshold=1)
            ),
            *found,
        ]

    # What never changes of the topic is asked once: each question calls JavaScript.

    @cached_property
    def _arn(self) -> str:
        return self.topic.topic_arn

    @cached_property
    def _is_fifo(self) -> bool:
        return self.topic.fifo

    def _check_types(self) -> None:
        if not (hasattr(self, "_arn") and hasattr(self, "_is_fifo")):
            raise ConfigurationError(
                f"topic must be an SNS topic, got {self.topic!r}; pass the topic itself"
            )
        queue = self.dead_letter_queue
        held = hasattr(queue, "queue_arn") and hasattr(queue, "fifo")
        check_type("dead_letter_queue", queue, "an SQS queue", holds=held)

    def _check_is_new(self, function: LambdaFunction) -> None:
        for each in function.event_sources:
            if isinstance(each, SnsEventSource) and each._arn == self._arn:
                raise already_bound(function, self.topic)

    def _check_topic(self, function: LambdaFunction) -> None:
        if self._is_fifo:
            raise ConfigurationError(
                f"topic must be standard, got FIFO {path_of(self.topic)}, which can "
                "invoke no function; subscribe a FIFO queue to it, and pass that to "
                "SqsEventSource",
                scope=function,
            )
        if resource_of(self.topic) is not None:
            remedy = (
                "import it by its ARN, and allow this account sns:Subscribe in its own "
                "policy"
            )
            check_same("account", function, self.topic, remedy)

    def _check_dead_letter_queue(self, function: LambdaFunction) -> None:
        if self.dead_letter_queue is None:
            return
        stack = stack_of(function)
        wanted = literal(region_of(self.topic)) or literal(region_of(stack))
        got = literal(region_of(self.dead_letter_queue))
        if wanted and got and wanted != got:
            raise ConfigurationError(
                f"dead_letter_queue must be in the topic's Region {wanted}, got "
                f"{path_of(self.dead_letter_queue)} in {got}; pass a queue there",
                scope=function,
            )

    def _is_abroad(self, function: LambdaFunction) -> bool:
        """Tell whether the topic is in another Region, as far as both are known."""
        there = literal(region_of(self.topic))
        here = literal(region_of(stack_of(function)))
        return bool(there and here and there != here)

    def _principal(self, function: LambdaFunction) -> str:
        """Give who invokes: a Region that is opted into has a principal of its own.

        https://docs.aws.amazon.com/sns/latest/dg/lambda-prereq.html
        """
        if not self._is_abroad(function):
            return PRINCIPAL
        there, here = region_of(self.topic), region_of(stack_of(function))
        if RegionInfo.get(here).is_opt_in_region:
            raise ConfigurationError(
                f"{path_of(self.topic)} in {there} cannot invoke a function in "
                f"{here}, since SNS delivers to a Region that has to be opted into "
                "from that Region only; define both in one",
                scope=function,
            )
        if RegionInfo.get(there).is_opt_in_region:
            return f"sns.{there}.amazonaws.com"
        return PRINCIPAL

    def _region(self, function: LambdaFunction) -> str | None:
        stack, there = stack_of(function), region_of(self.topic)
        here = region_of(stack)
        if there == here or stack.resolve(there) == stack.resolve(here):
            return None
        return there

    def _undelivered(
        self, function: LambdaFunction, id: str
    ) -> sqs.Queue | sqs.IQueue | None:
        if self.dead_letter_queue is None and self._is_abroad(function):
            Practice.SNS_DEAD_LETTER_QUEUE.warn(
                function,
                f"{path_of(self.topic)} is in another Region, so that no queue can be "
                "made here for what SNS could not deliver, and it is lost; pass "
                f"dead_letter_queue= a queue in {region_of(self.topic)}",
            )
            return None
        return undelivered(
            function,
            id,
            self.dead_letter_queue,
            principal=PRINCIPAL,
            source=self.topic,
            source_arn=self._arn,
            source_arns=partial(
                stack_of(function).format_arn,
                service="sns",
                resource="*",
                region=literal(region_of(self.topic)),
                account=literal(account_of(self.topic)),
            ),
            source_account=account_of(self.topic),
        )
