"""A rule of an event bus: what it delivers, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Aws, Duration, Environment, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import AsyncInvoke, ConfigurationError
from lambda_constructs.event_sources import EventBridgeEventSource
from tests.unit.conftest import make_function, only, resources

RULE = "AWS::Events::Rule"
PERMISSION = "AWS::Lambda::Permission"
QUEUE_POLICY = "AWS::SQS::QueuePolicy"
PLACED = events.EventPattern(source=["shop.orders"], detail_type=["OrderPlaced"])


def fault(**options) -> str:
    with pytest.raises(ConfigurationError) as error:
        EventBridgeEventSource(**{"event_pattern": PLACED, **options})
    return str(error.value)


def target(stack, type: str = RULE) -> dict:
    (found,) = only(stack, type)["Targets"]
    return found


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(EventBridgeEventSource(PLACED))
        return stack

    def test_rule_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        assert "WorkerLive" in str(target(stack)["Arn"])

    def test_pattern_has_the_names_that_events_have(self, stack):
        """
        detail-type, with a hyphen.
        """
        assert {"source": ["shop.orders"], "detail-type": ["OrderPlaced"]} == (
            only(stack, RULE)["EventPattern"]
        )

    def test_rule_is_on_the_account_s_own_bus_and_works(self, stack):
        """
        Where the events of AWS services are.
        """
        assert "EventBusName" not in only(stack, RULE)
        assert "ENABLED" == only(stack, RULE)["State"]

    def test_rule_alone_may_invoke_the_alias(self, stack):
        """
        By its ARN, on the alias and not on the function.
        """
        (rule,) = resources(stack, RULE)
        permission = only(stack, PERMISSION)

        assert "WorkerLive" in str(permission["FunctionName"])
        assert {"Fn::GetAtt": [rule, "Arn"]} == permission["SourceArn"]
        assert "events.amazonaws.com" == permission["Principal"]
        assert "SourceAccount" not in permission

    def test_delivery_is_tried_for_a_day(self, stack):
        """
        EventBridge's own default, said aloud.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
        """
        assert {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185} == (
            target(stack)["RetryPolicy"]
        )

    def test_what_is_not_delivered_ends_in_a_queue_of_the_rule(self, stack):
        """
        Into which the rule alone may send.
        """
        (rule,) = resources(stack, RULE)
        allowed = [
            statement
            for policy in resources(stack, QUEUE_POLICY).values()
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
        ]

        assert "WorkerRuleUndelivered" in str(target(stack)["DeadLetterConfig"])
        assert [{"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}] == [
            each["Condition"] for each in allowed
        ]

    def test_both_stores_are_at_hand_for_alarms(self, stack):
        """
        The function's own, and the rule's.
        """
        worker = stack.node.find_child("Worker")

        assert ["Shop/Worker/RuleUndelivered", "Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_the_whole_event_is_passed(self, stack):
        """
        Nothing is made of it unasked.
        """
        assert not {"Input", "InputPath", "InputTransformer"} & target(stack).keys()

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker):
        """
        By AWS's own names.
        """
        mine = sqs.Queue(stack, "Mine")
        worker.add_event_source(
            EventBridgeEventSource(
                PLACED,
                event_bus=events.EventBus(stack, "Bus"),
                dead_letter_queue=mine,
                description="Ships what is placed",
                enabled=False,
                id="Placed",
                max_event_age=Duration.minutes(1),
                retry_attempts=0,
            )
        )

        rule = only(stack, RULE)
        (logical_id,) = resources(stack, RULE)
        assert "WorkerPlaced" == logical_id[:-8]
        assert "Bus" in str(rule["EventBusName"])
        assert "Ships what is placed" == rule["Description"]
        assert "DISABLED" == rule["State"]
        assert "Mine" in str(target(stack)["DeadLetterConfig"]["Arn"])
        assert {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0} == (
            target(stack)["RetryPolicy"]
        )
        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    @pytest.mark.parametrize(
        ("input", "expected"),
        [
            (
                events.RuleTargetInput.from_event_path("$.detail"),
                {"InputPath": "$.detail"},
            ),
            (events.RuleTargetInput.from_text("go"), {"Input": '"go"'}),
            (events.RuleTargetInput.from_object({"n": 1}), {"Input": '{"n":1}'}),
            (
                events.RuleTargetInput.from_object(
                    {"id": events.EventField.from_path("$.detail.id")}
                ),
                {
                    "InputTransformer": {
                        "InputPathsMap": {"detail-id": "$.detail.id"},
                        "InputTemplate": '{"id":<detail-id>}',
                    }
                },
            ),
        ],
    )
    def test_input_is_a_part_of_the_event_or_made_of_it_or_constant(
        self, stack, worker, input, expected
    ):
        """
        By CDK's own type for it.
        """
        worker.add_event_source(EventBridgeEventSource(PLACED, input=input))

        found = target(stack)
        assert expected == {key: found[key] for key in found if "Input" in key}

    def test_matchers_reach_the_template(self, stack, worker):
        """
        They are resolved with it.
        """
        pattern = events.EventPattern(
            source=events.Match.prefix("shop."),
            detail={
                "total": events.Match.greater_than(50),
                "$or": [{"kind": ["a"]}, {"size": ["xl"]}],
            },
        )

        worker.add_event_source(EventBridgeEventSource(pattern))

        assert {
            "source": [{"prefix": "shop."}],
            "detail": {
                "total": [{"numeric": [">", 50]}],
                "$or": [{"kind": ["a"]}, {"size": ["xl"]}],
            },
        } == only(stack, RULE)["EventPattern"]

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Number"})
        pattern = events.EventPattern(account=[Aws.ACCOUNT_ID])
        text = events.RuleTargetInput.from_text(Aws.REGION)

        worker.add_event_source(
            EventBridgeEventSource(pattern, input=text, retry_attempts=token)
        )

        retries = target(stack)["RetryPolicy"]["MaximumRetryAttempts"]
        assert {"Ref": "Number"} == retries
        assert {"account": [{"Ref": "AWS::AccountId"}]} == (
            only(stack, RULE)["EventPattern"]
        )
        assert "AWS::Region" in str(target(stack)["Input"])

    def test_a_queue_with_a_key_may_be_used_by_eventbridge(self, stack, worker):
        """
        Or what could not be delivered would be lost.
        """
        key = kms.Key(stack, "Secret")
        mine = sqs.Queue(stack, "Mine", encryption_master_key=key)

        worker.add_event_source(EventBridgeEventSource(PLACED, dead_letter_queue=mine))

        *_, use = only(stack, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        assert {"Service": "events.amazonaws.com"} == use["Principal"]
        assert ["kms:Decrypt", "kms:GenerateDataKey"] == use["Action"]

    def test_the_function_s_own_store_is_kept(self, stack):
        """
        What it says of its failures holds for this source, too.
        """
        worker = make_function(stack, async_invoke=AsyncInvoke(retry_attempts=0))

        worker.add_event_source(EventBridgeEventSource(PLACED))

        config = only(stack, "AWS::Lambda::EventInvokeConfig")
        assert 0 == config["MaximumRetryAttempts"]

    def test_bind_gives_the_rule(self, stack, worker):
        """
        There is no getter that throws before it is bound.
        """
        rule = worker.add_event_source(EventBridgeEventSource(PLACED))

        assert {"Fn::GetAtt": [stack.get_logical_id(rule), "Arn"]} == (
            stack.resolve(rule.attr_arn)
        )

    def test_a_bus_of_another_stack_is_referred_to(self):
        """
        The rule is in the function's stack, the bus in its own.
        """
        app = App()
        bus = events.EventBus(Stack(app, "Events"), "Bus")
        worker = make_function(Stack(app, "Shop"))

        worker.add_event_source(EventBridgeEventSource(PLACED, event_bus=bus))

        rule = only(Stack.of(worker), RULE)
        assert "Fn::ImportValue" in rule["EventBusName"]


class TestSeveral:
    def test_two_rules_live_on_one_function(self, stack, worker):
        """
        The second names itself.
        """
        worker.add_event_source(EventBridgeEventSource(PLACED))
        worker.add_event_source(EventBridgeEventSource(PLACED, id="Again"))

        assert ["WorkerAgain", "WorkerRule"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, RULE)
        )
        assert 2 == len(resources(stack, PERMISSION))

    def test_fails_if_the_second_does_not_name_itself(self, worker):
        """
        Its pattern is no name.
        """
        worker.add_event_source(EventBridgeEventSource(PLACED))

        with pytest.raises(ConfigurationError, match="pass a distinct id= to this one"):
            worker.add_event_source(EventBridgeEventSource(PLACED))

    def test_two_functions_may_listen_for_the_same(self, stack, worker):
        """
        Each by a rule of its own.
        """
        worker.add_event_source(EventBridgeEventSource(PLACED))
        make_function(stack, "Other").add_event_source(EventBridgeEventSource(PLACED))

        assert 2 == len(resources(stack, RULE))


class TestSeventyRules:
    """More than fit into the resource policy of a function one by one."""

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        bus, store = events.EventBus(stack, "Bus"), sqs.Queue(stack, "Store")
        worker = make_function(stack)
        worker.add_event_source(EventBridgeEventSource(PLACED, dead_letter_queue=store))
        for number in range(70):
            worker.add_event_source(
                EventBridgeEventSource(
                    PLACED, event_bus=bus, dead_letter_queue=store, id=f"Rule{number}"
                )
            )
        return stack

    def test_of_one_bus_share_one_permission(self, stack):
        """
        For the rules of that bus in this account, and for no other bus's.
        """
        (shared,) = [
            each["Properties"]
            for each in resources(stack, PERMISSION).values()
            if "SourceAccount" in each["Properties"]
        ]
        (bus,) = resources(stack, "AWS::Events::EventBus")
        *_, before, name, after = shared["SourceArn"]["Fn::Join"][1]

        assert 71 == len(resources(stack, RULE))
        assert (":rule/", {"Ref": bus}, "/*") == (before, name, after)
        assert {"Ref": "AWS::AccountId"} == shared["SourceAccount"]

    def test_leave_the_permission_of_another_bus_exact(self, stack):
        """
        Its one rule keeps its own.
        """
        exact = [
            each["Properties"]["SourceArn"]
            for each in resources(stack, PERMISSION).values()
            if "SourceAccount" not in each["Properties"]
        ]
        (own,) = [name for name in resources(stack, RULE) if name[:-8] == "WorkerRule"]

        assert [{"Fn::GetAtt": [own, "Arn"]}] == exact

    def test_fit_into_the_resource_policy(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
        """
        assert bytes_of_policy(stack) < 20_480

    def test_are_not_warned_of(self, stack):
        """
        There is room for forty-eight more.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_thirty_rules_keep_a_permission_each(stack, worker):
    """
    They fit, even if every name is as long as may be.
    """
    store = sqs.Queue(stack, "Store")
    for number in range(30):
        source = EventBridgeEventSource(
            PLACED, dead_letter_queue=store, id=f"Rule{number}"
        )
        worker.add_event_source(source)

    permissions = resources(stack, PERMISSION).values()
    assert 30 == len(permissions)
    assert 30 == len({str(each["Properties"]["SourceArn"]) for each in permissions})
    assert bytes_of_policy(stack) < 20_480


def bytes_of_policy(stack) -> int:
    """The function's resource policy as Lambda keeps it, with the longest names."""
    account = "ap-southeast-1:123456789012"
    statements = []
    for each in resources(stack, PERMISSION).values():
        permission = each["Properties"]
        condition = {"ArnLike": {"AWS:SourceArn": ""}}
        rule = "*" if "SourceAccount" in permission else "r" * 64
        arn = f"arn:aws:events:{account}:rule/{'b' * 64}/{rule}"
        condition["ArnLike"]["AWS:SourceArn"] = arn
        if "SourceAccount" in permission:
            condition["StringEquals"] = {"AWS:SourceAccount": account[-12:]}
        statements.append(
            {
                "Sid": "s" * 100,
                "Effect": "Allow",
                "Principal": {"Service": permission["Principal"]},
                "Action": permission["Action"],
                "Resource": f"arn:aws:lambda:{account}:function:{'f' * 64}:live",
                "Condition": condition,
            }
        )
    document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":")))


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"retry_attempts": -1},
                "retry_attempts must be between 0 and 185, got -1",
            ),
            (
                {"retry_attempts": 186},
                "retry_attempts must be between 0 and 185, got 186",
            ),
            (
                {"max_event_age": Duration.seconds(59)},
                "max_event_age must be between 60 and 86,400 s, got 59 s",
            ),
            (
                {"max_event_age": Duration.seconds(86_401)},
                "max_event_age must be between 60 and 86,400 s, got 86,401 s",
            ),
            (
                {"description": "d" * 513},
                "description must be at most 512 characters, got 513",
            ),
            (
                {"event_bus": "orders"},
                "event_bus must be an EventBus, got 'orders' (str)",
            ),
            ({"enabled": 1}, "enabled must be True or False, got 1 (int)"),
            ({"input": "go"}, "input must be a RuleTargetInput, got 'go' (str)"),
            (
                {"dead_letter_queue": "dead"},
                "dead_letter_queue must be an SQS queue, got 'dead' (str)",
            ),
            (
                {"event_pattern": {"source": ["shop"]}},
                "event_pattern must be an EventPattern of aws_events, got "
                "{'source': ['shop']}; "
                "pass EventPattern(source=[...], detail_type=[...])",
            ),
            (
                {"event_pattern": events.EventPattern()},
                "event_pattern must name a field of the event, got none; "
                "pass EventPattern(source=[...], detail_type=[...])",
            ),
            (
                {"event_pattern": events.EventPattern(source=[])},
                "event_pattern must not be empty at source, got []; "
                "leave it out, or list what may be there",
            ),
            (
                {"event_pattern": events.EventPattern(detail={"order": {}})},
                "event_pattern must not be empty at detail.order, got {}; "
                "leave it out, or list what may be there",
            ),
            (
                {
                    "event_pattern": events.EventPattern(
                        detail={"order": {"kind": "new"}}
                    )
                },
                "event_pattern must have a list at detail.order.kind, got 'new'; "
                "pass ['new']",
            ),
            (
                {"event_pattern": events.EventPattern(source=["s" * 4_084])},
                "event_pattern as JSON must be at most 4,096 characters, got 4,100",
            ),
        ],
    )
    def test_fails_if_eventbridge_would_refuse_it(self, options, message):
        """
        With the words of the option.
        """
        assert message == fault(**options)

    def test_fails_if_a_constant_is_too_long(self, worker):
        """
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html.
        """
        text = events.RuleTargetInput.from_text("t" * 8_191)

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(EventBridgeEventSource(PLACED, input=text))

        assert str(error.value) == (
            "Shop/Worker: input must be at most 8,192 characters, got 8,193"
        )

    def test_fails_if_a_constant_is_no_json(self, worker):
        """
        Several texts, a line each, are for queues and the like.
        """
        text = events.RuleTargetInput.from_multiline_text("one\ntwo")

        with pytest.raises(ConfigurationError, match="input must be JSON for a func"):
            worker.add_event_source(EventBridgeEventSource(PLACED, input=text))


class TestRelations:
    def test_fails_if_the_bus_is_in_another_region(self):
        """
        A rule is where its bus is, and reaches functions there.
        """
        app = App()
        there = Stack(app, "There", env=Environment(region="us-east-1"))
        here = Stack(app, "Here", env=Environment(region="eu-west-1"))
        worker = make_function(here)

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(
                EventBridgeEventSource(PLACED, event_bus=events.EventBus(there, "Bus"))
            )

        assert str(error.value) == (
            "Here/Worker: event_bus There/Bus must be in the function's Region "
            "eu-west-1, got us-east-1; a rule is beside its bus, so send the events "
            "on to a bus there"
        )

    def test_fails_if_the_dead_letter_queue_is_fifo(self, stack, worker):
        """
        EventBridge sends to standard queues only.
        """
        fifo = sqs.Queue(stack, "Fifo", fifo=True)

        with pytest.raises(ConfigurationError, match="must be standard, got FIFO"):
            worker.add_event_source(
                EventBridgeEventSource(PLACED, dead_letter_queue=fifo)
            )
