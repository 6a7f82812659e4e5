"""A topic that invokes: what it gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Environment, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import (
    AsyncInvoke,
    ConfigurationError,
    FailureDestination,
    Practice,
)
from lambda_constructs.event_sources import SnsEventSource
from tests.unit.conftest import make_function, only, resources, statements

PERMISSION = "AWS::Lambda::Permission"
QUEUE = "AWS::SQS::Queue"
SUBSCRIPTION = "AWS::SNS::Subscription"
ARN = "arn:aws:sns:eu-west-1:111122223333:orders"


@pytest.fixture
def topic(stack) -> sns.Topic:
    return sns.Topic(stack, "Orders")


def in_region(app: App, id: str, region: str, account: str = "1" * 12) -> Stack:
    return Stack(app, id, env=Environment(account=account, region=region))


def fault(**options) -> str:
    topic = sns.Topic(Stack(App(), "Shop"), "Orders")
    with pytest.raises(ConfigurationError) as error:
        SnsEventSource(topic, **options)
    return str(error.value)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            SnsEventSource(sns.Topic(stack, "Orders"))
        )
        return stack

    def test_subscription_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        subscription = only(stack, SUBSCRIPTION)

        assert "lambda" == subscription["Protocol"]
        assert "WorkerLive" in subscription["Endpoint"]["Ref"]
        assert "Orders" in subscription["TopicArn"]["Ref"]

    def test_every_message_comes(self, stack):
        """
        From the function's own Region, unless it is said otherwise.
        """
        assert {"Endpoint", "Protocol", "RedrivePolicy", "TopicArn"} == set(
            only(stack, SUBSCRIPTION)
        )

    def test_the_topic_alone_may_invoke(self, stack):
        """
        By the resource policy of the alias.
        """
        permission = only(stack, PERMISSION)

        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert "lambda:InvokeFunction" == permission["Action"]
        assert "sns.amazonaws.com" == permission["Principal"]
        assert permission["SourceArn"] == only(stack, SUBSCRIPTION)["TopicArn"]

    def test_the_function_may_do_nothing_with_the_topic(self, stack):
        """
        It is invoked, and polls nothing.
        """
        actions = {str(each["Action"]) for each in statements(stack)}

        assert not [each for each in actions if "sns:" in each]

    def test_subscription_waits_for_permission_and_queue(self, stack):
        """
        A message that comes before is refused, and SNS does not try it again.
        """
        (subscription,) = resources(stack, SUBSCRIPTION).values()
        target = subscription["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]

        assert target["Fn::GetAtt"][0][:-8] == "WorkerSnsOrdersUndelivered"
        assert {
            "WorkerSnsOrdersPermission",
            "WorkerSnsOrdersUndeliveredPolicy",
        } == {name[:-8] for name in subscription["DependsOn"]}

    def test_what_cannot_be_delivered_ends_in_a_queue(self, stack):
        """
        Encrypted, TLS only, 14 days, and only for this topic to send to.
        """
        target = only(stack, SUBSCRIPTION)["RedrivePolicy"]["deadLetterTargetArn"]
        (queue,) = [
            each["Properties"]
            for logical_id, each in resources(stack, QUEUE).items()
            if logical_id == target["Fn::GetAtt"][0]
        ]
        (policy,) = [
            each["Properties"]["PolicyDocument"]["Statement"]
            for logical_id, each in resources(stack, "AWS::SQS::QueuePolicy").items()
            if "Undelivered" in logical_id
        ]

        assert 1_209_600 == queue["MessageRetentionPeriod"]
        assert queue["SqsManagedSseEnabled"] is True
        deny, allow = policy
        assert "Deny" == deny["Effect"]
        assert {"Service": "sns.amazonaws.com"} == allow["Principal"]
        assert "Orders" in allow["Condition"]["ArnEquals"]["aws:SourceArn"]["Ref"]

    def test_what_the_function_fails_ends_in_another(self, stack):
        """
        Two stores, neither of which knows of the other; an alarm goes on both.
        """
        worker = stack.node.find_child("Worker")

        assert [
            "Shop/Worker/Failures",
            "Shop/Worker/Sns-Orders-Undelivered",
        ] == [queue.node.path for queue in worker.failure_queues]

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_no_helper_function(self, stack):
        """
        What is deployed is what was asked for.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))


class TestFilterPolicy:
    @pytest.mark.parametrize(
        "policy",
        [
            {"kind": ["order", {"prefix": "re"}], "total": [{"numeric": [">", 100]}]},
            {
                "kind": sns.SubscriptionFilter.string_filter(
                    allowlist=["order"], match_prefixes=["re"]
                ),
                "total": sns.SubscriptionFilter.numeric_filter(greater_than=100),
            },
        ],
        ids=["JSON", "CDK"],
    )
    def test_reads_attributes(self, stack, worker, topic, policy):
        """
        As SNS writes it, or with CDK's filters.
        """
        worker.add_event_source(SnsEventSource(topic, filter_policy=policy))

        subscription = only(stack, SUBSCRIPTION)
        assert "FilterPolicyScope" not in subscription
        assert {
            "kind": ["order", {"prefix": "re"}],
            "total": [{"numeric": [">", 100]}],
        } == subscription["FilterPolicy"]

    @pytest.mark.parametrize(
        "policy",
        [
            {"order": {"state": ["new"]}},
            {
                "order": sns.FilterOrPolicy.policy(
                    {
                        "state": sns.FilterOrPolicy.filter(
                            sns.SubscriptionFilter.string_filter(allowlist=["new"])
                        )
                    }
                )
            },
        ],
        ids=["JSON", "CDK"],
    )
    def test_reads_the_body(self, stack, worker, topic, policy):
        """
        Which may be nested.
        """
        worker.add_event_source(
            SnsEventSource(topic, filter_policy_with_message_body=policy)
        )

        subscription = only(stack, SUBSCRIPTION)
        assert "MessageBody" == subscription["FilterPolicyScope"]
        assert {"order": {"state": ["new"]}} == subscription["FilterPolicy"]

    def test_has_operators_that_cdk_has_not(self, stack, worker, topic):
        """
        The JSON is passed through.
        """
        policy = {
            "$or": [{"ip": [{"cidr": "10.0.0.0/24"}]}, {"name": [{"wildcard": "a*"}]}],
            "kind": [{"equals-ignore-case": "ORDER"}, True, 1.5],
        }

        worker.add_event_source(SnsEventSource(topic, filter_policy=policy))

        assert policy == only(stack, SUBSCRIPTION)["FilterPolicy"]

    def test_may_be_as_large_as_sns_allows(self, topic):
        """
        150 combinations, five keys, a billion.
        """
        policy = {
            "a": [str(number) for number in range(150)],
            **{key: [1_000_000_000] for key in "bcde"},
        }

        SnsEventSource(topic, filter_policy=policy)

    def test_tokens_pass(self, stack, worker, topic):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        number = Token.as_number({"Ref": "Number"})
        policy = {"total": [{"numeric": ["=", number]}], "kind": [Token.as_string(1)]}

        worker.add_event_source(SnsEventSource(topic, filter_policy=policy))

        assert {"Ref": "Number"} == (
            only(stack, SUBSCRIPTION)["FilterPolicy"]["total"][0]["numeric"][1]
        )

    @pytest.mark.parametrize(
        ("policy", "message"),
        [
            (
                {"kind": "order"},
                "filter_policy must list the values of 'kind', got 'order'; pass "
                "['order']",
            ),
            (
                {"kind": []},
                "filter_policy must list a value of 'kind' or more, got none; leave "
                "the key out to let every value through",
            ),
            (
                {"order": {"state": ["new"]}},
                "filter_policy must not be nested, got 'order.state'; message "
                "attributes have no fields, so pass filter_policy_with_message_body",
            ),
            (
                {key: ["x"] for key in "abcdef"},
                "filter_policy must have at most 5 keys, got 6; check the others in "
                "the handler",
            ),
            (
                {"a": list("abcdefghijklmnop"), "b": list("0123456789")},
                "filter_policy must have at most 150 combinations (the values of each "
                "key times its depth, multiplied), got 160; list fewer values",
            ),
            (
                {"total": [{"numeric": ["<", 1_000_000_001]}]},
                "filter_policy must compare numbers between -1,000,000,000 and "
                "1,000,000,000, got 1,000,000,001 for 'total'; compare such numbers "
                "in the handler",
            ),
            (
                {"kind": [{"sufix": "x"}]},
                "filter_policy has the operators anything-but, cidr, "
                "equals-ignore-case, exists, numeric, prefix, suffix, wildcard, got "
                "'sufix' for 'kind'; did you mean suffix?",
            ),
            (
                {"kind": [["order"]]},
                "filter_policy must have values of text, numbers, True or False, got "
                "['order'] for 'kind'; put it into an operator, as in "
                "{'prefix': 'x'}, or look at it in the handler",
            ),
            (
                {"kind": [None]},
                "filter_policy must have values of text, numbers, True or False, got "
                "None for 'kind'; put it into an operator, as in {'prefix': 'x'}, or "
                "look at it in the handler",
            ),
            (
                {"kind": ["x" * 262_144]},
                "filter_policy must be at most 262,144 bytes of JSON, got 262,157; "
                "list fewer values",
            ),
            (
                ["order"],
                "filter_policy must be a mapping of keys to lists of values, got "
                "['order']; pass it as in {'kind': ['order']}",
            ),
        ],
        ids=[
            "a value alone",
            "no value",
            "nested",
            "too many keys",
            "too many combinations",
            "too large a number",
            "unknown operator",
            "list in the list",
            "null",
            "too large",
            "no mapping",
        ],
    )
    def test_fails_if_sns_would_refuse_it(self, policy, message):
        """
        https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
        """
        assert message == fault(filter_policy=policy)

    def test_fails_if_it_is_too_deep_for_its_values(self):
        """
        The documented sum: values times depth, of each key, multiplied.
        """
        policy = {"a": {"b": {"c": list("abcd")}}, "d": {"e": list("abcdefg")}}

        assert "got 168" in fault(filter_policy_with_message_body=policy)

    def test_fails_if_there_are_two(self):
        """
        SNS has one scope.
        """
        assert (
            "filter_policy and filter_policy_with_message_body exclude each other; SNS "
            "reads either the attributes or the body, so pass one"
        ) == fault(
            filter_policy={"kind": ["x"]},
            filter_policy_with_message_body={"kind": ["x"]},
        )


class TestDeadLetterQueue:
    def test_may_be_given(self, stack, worker, topic):
        """
        SNS may then send there, and none is made.
        """
        queue = sqs.Queue(stack, "Lost", encryption_master_key=kms.Key(stack, "Key"))

        worker.add_event_source(SnsEventSource(topic, dead_letter_queue=queue))

        assert "Lost" in str(only(stack, SUBSCRIPTION)["RedrivePolicy"])
        assert "sns.amazonaws.com" in str(only(stack, "AWS::KMS::Key")["KeyPolicy"])
        assert ["Shop/Worker/Failures"] == [
            each.node.path for each in worker.failure_queues
        ]

    def test_may_be_imported(self, stack, worker, topic):
        """
        Its owner lets SNS send to it.
        """
        arn = "arn:aws:sqs:eu-west-1:111122223333:lost"
        queue = sqs.Queue.from_queue_arn(stack, "Lost", arn)

        worker.add_event_source(SnsEventSource(topic, dead_letter_queue=queue))

        assert {"deadLetterTargetArn": arn} == only(stack, SUBSCRIPTION)[
            "RedrivePolicy"
        ]

    def test_fails_if_it_is_fifo(self, stack, worker, topic):
        """
        SNS refuses it for a standard topic.
        """
        queue = sqs.Queue(stack, "Lost", fifo=True)

        with pytest.raises(ConfigurationError, match="must be standard, got FIFO"):
            worker.add_event_source(SnsEventSource(topic, dead_letter_queue=queue))

    def test_fails_if_it_is_no_queue(self, topic):
        """
        In the user's words.
        """
        assert ("dead_letter_queue must be an SQS queue, got 'lost' (str)") == fault(
            dead_letter_queue="lost"
        )

    def test_fails_if_it_is_not_in_the_topic_s_region(self):
        """
        https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
        """
        stack = in_region(App(), "Shop", "eu-west-1")
        queue = sqs.Queue.from_queue_arn(
            stack, "Lost", "arn:aws:sqs:us-east-1:111111111111:lost"
        )

        with pytest.raises(ConfigurationError) as error:
            make_function(stack).add_event_source(
                SnsEventSource(sns.Topic(stack, "Orders"), dead_letter_queue=queue)
            )

        assert (
            "Shop/Worker: dead_letter_queue must be in the topic's Region eu-west-1, "
            "got Shop/Lost in us-east-1; pass a queue there"
        ) == str(error.value)


class TestPlaces:
    def subscribed(self, here: str, there: str, **options) -> Stack:
        """A stack whose function is subscribed to a topic in another Region."""
        stack = in_region(App(), "Shop", here)
        arn = f"arn:aws:sns:{there}:222222222222:orders"
        topic = sns.Topic.from_topic_arn(stack, "Orders", arn)
        make_function(stack).add_event_source(SnsEventSource(topic, **options))
        return stack

    def test_topic_may_be_in_another_region(self):
        """
        The subscription is made there; a queue cannot be made there, and is missed.

        https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
        """
        stack = self.subscribed("eu-west-1", "us-east-1")

        subscription = only(stack, SUBSCRIPTION)
        assert "us-east-1" == subscription["Region"]
        assert "RedrivePolicy" not in subscription
        assert "sns.amazonaws.com" == only(stack, PERMISSION)["Principal"]
        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker",
            Match.string_like_regexp(
                rf"a queue in us-east-1 \[ack: {Practice.SNS_DEAD_LETTER_QUEUE.value}"
            ),
        )

    def test_queue_of_that_region_may_be_given(self):
        """
        Nothing is missed then.
        """
        stack = in_region(App(), "Shop", "eu-west-1")
        topic = sns.Topic.from_topic_arn(
            stack, "Orders", "arn:aws:sns:us-east-1:111111111111:orders"
        )
        queue = sqs.Queue.from_queue_arn(
            stack, "Lost", "arn:aws:sqs:us-east-1:111111111111:lost"
        )

        make_function(stack).add_event_source(
            SnsEventSource(topic, dead_letter_queue=queue)
        )

        assert "lost" in str(only(stack, SUBSCRIPTION)["RedrivePolicy"])
        Annotations.from_stack(stack).has_no_warning(
            "*", Match.string_like_regexp(Practice.SNS_DEAD_LETTER_QUEUE.value)
        )

    def test_region_that_is_opted_into_has_a_principal_of_its_own(self):
        """
        https://docs.aws.amazon.com/sns/latest/dg/lambda-prereq.html
        """
        stack = self.subscribed("us-east-1", "ap-east-1")

        assert "sns.ap-east-1.amazonaws.com" == only(stack, PERMISSION)["Principal"]

    @pytest.mark.parametrize("there", ["us-east-1", "eu-south-1"])
    def test_fails_if_the_function_s_region_is_opted_into(self, there):
        """
        https://docs.aws.amazon.com/sns/latest/dg/lambda-prereq.html
        """
        with pytest.raises(ConfigurationError) as error:
            self.subscribed("ap-east-1", there)

        assert (
            f"Shop/Worker: Shop/Orders in {there} cannot invoke a function in "
            "ap-east-1, since SNS delivers to a Region that has to be opted into from "
            "that Region only; define both in one"
        ) == str(error.value)

    def test_region_of_a_topic_that_is_a_parameter_is_the_parameter_s(
        self, stack, worker
    ):
        """
        A token in the ARN says the Region at deployment.
        """
        topic = sns.Topic.from_topic_arn(
            stack, "Orders", Token.as_string({"Ref": "Topic"})
        )

        worker.add_event_source(SnsEventSource(topic))

        region = {"Fn::Select": [3, {"Fn::Split": [":", {"Ref": "Topic"}]}]}
        assert region == only(stack, SUBSCRIPTION)["Region"]

    def test_key_of_a_queue_is_open_to_the_topic_s_account(self, stack, worker):
        """
        SNS sends there in that account's name.
        """
        topic = sns.Topic.from_topic_arn(stack, "Orders", ARN)
        queue = sqs.Queue(stack, "Lost", encryption_master_key=kms.Key(stack, "Key"))

        worker.add_event_source(SnsEventSource(topic, dead_letter_queue=queue))

        *_, use = only(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        assert {"StringEquals": {"aws:SourceAccount": "111122223333"}} == (
            use["Condition"]
        )

    def test_topic_of_another_stack_makes_no_cycle(self):
        """
        All is in the function's stack, though the function may publish.
        """
        app = App()
        there, shop = Stack(app, "There"), Stack(app, "Shop")
        topic = sns.Topic(there, "Orders", master_key=kms.Key(there, "Key"))
        worker = make_function(shop)

        worker.add_event_source(SnsEventSource(topic))
        worker.allow("sns:Publish", on=topic)

        app.synth()
        assert {} == resources(there, SUBSCRIPTION)
        assert "Region" not in only(shop, SUBSCRIPTION)

    def test_fails_if_the_topic_is_defined_in_another_account(self):
        """
        Its policy would have to let this one subscribe; so it is imported.
        """
        app = App()
        there = in_region(app, "There", "eu-west-1", "2" * 12)
        topic = sns.Topic(there, "Orders", topic_name="orders")
        worker = make_function(in_region(app, "Shop", "eu-west-1"))

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(SnsEventSource(topic))

        assert (
            "Shop/Worker: There/Orders must be in the function's account "
            "111111111111, got 222222222222; import it by its ARN, and allow this "
            "account sns:Subscribe in its own policy"
        ) == str(error.value)


class TestRelations:
    def test_two_topics_live_on_one_function(self, stack, worker, topic):
        """
        Their ids differ, and each has its own queue.
        """
        for each in (topic, sns.Topic(stack, "Returns")):
            worker.add_event_source(SnsEventSource(each))

        assert ["WorkerSnsOrders", "WorkerSnsReturns"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, SUBSCRIPTION)
        )
        assert 2 == len(resources(stack, PERMISSION))
        assert 3 == len(resources(stack, QUEUE))

    def test_two_functions_may_share_a_topic(self, stack, worker, topic):
        """
        That is what topics are for.
        """
        for each in (worker, make_function(stack, "Other")):
            each.add_event_source(SnsEventSource(topic))

        assert 2 == len(resources(stack, SUBSCRIPTION))

    def test_bind_gives_the_subscription(self, worker, topic):
        """
        There is no getter that throws before it is bound.
        """
        subscription = worker.add_event_source(SnsEventSource(topic))

        assert Token.is_unresolved(subscription.attr_arn)

    def test_what_the_function_says_of_failures_is_kept(self, stack, topic):
        """
        Lambda has one place for them.
        """
        mine = sqs.Queue(stack, "Mine")
        on_failure = FailureDestination.queue(mine)
        worker = make_function(stack, async_invoke=AsyncInvoke(on_failure=on_failure))

        worker.add_event_source(SnsEventSource(topic))

        config = only(stack, "AWS::Lambda::EventInvokeConfig")
        assert "Mine" in str(config["DestinationConfig"]["OnFailure"])

    @pytest.mark.parametrize("imported", [True, False])
    def test_fails_if_the_topic_is_fifo(self, stack, worker, imported):
        """
        CDK says nothing, and SNS refuses the subscription.

        https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html
        """
        topic = (
            sns.Topic.from_topic_arn(stack, "Orders", f"{ARN}.fifo")
            if imported
            else sns.Topic(stack, "Orders", fifo=True)
        )

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(SnsEventSource(topic))

        assert (
            "Shop/Worker: topic must be standard, got FIFO Shop/Orders, which can "
            "invoke no function; subscribe a FIFO queue to it, and pass that to "
            "SqsEventSource"
        ) == str(error.value)

    def test_fails_if_a_topic_is_bound_twice(self, worker, topic):
        """
        SNS has one subscription of each pair.
        """
        worker.add_event_source(SnsEventSource(topic))

        with pytest.raises(ConfigurationError, match="is an event source already"):
            worker.add_event_source(SnsEventSource(topic))

    def test_fails_if_one_topic_is_imported_twice(self, stack, worker):
        """
        It is the ARN that counts.
        """
        one, two = (sns.Topic.from_topic_arn(stack, id, ARN) for id in ("One", "Two"))
        worker.add_event_source(SnsEventSource(one))

        with pytest.raises(ConfigurationError, match="is an event source already"):
            worker.add_event_source(SnsEventSource(two))

    def test_fails_if_the_function_has_tenants(self, stack, topic):
        """
        A message names none.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="takes no events"):
            worker.add_event_source(SnsEventSource(topic))

    def test_fails_if_it_is_no_topic(self):
        """
        In the user's words.
        """
        with pytest.raises(ConfigurationError) as error:
            SnsEventSource(ARN)

        assert (
            f"topic must be an SNS topic, got {ARN!r}; pass the topic itself"
        ) == str(error.value)


def test_nothing_but_the_policy_s_json_is_in_the_template(stack, worker, topic):
    """
    CDK's objects do not cross into CloudFormation.
    """
    nested = {"a": {"b": sns.SubscriptionFilter.exists_filter()}}

    worker.add_event_source(
        SnsEventSource(topic, filter_policy_with_message_body=nested)
    )

    assert '{"a": {"b": [{"exists": true}]}}' == json.dumps(
        only(stack, SUBSCRIPTION)["FilterPolicy"]
    )
