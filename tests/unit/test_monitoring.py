"""Whom alarms tell, which there are, and what goes with them."""

from __future__ import annotations

import gc
import json

import pytest
from aws_cdk import App, Environment, NestedStack, Stack, Stage, Tags
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import AsyncInvoke, ConfigurationError, Monitoring, Practice
from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.monitoring import Limit, Signal
from tests.unit.conftest import is_warned, make_function, only, resources

ALARM = "AWS::CloudWatch::Alarm"
DASHBOARD = "AWS::CloudWatch::Dashboard"
QUERY = "AWS::Logs::QueryDefinition"


def alarms(stack: Stack) -> dict[str, dict]:
    """The properties of each alarm, by the metric that it looks at."""
    return {
        each["Properties"]["MetricName"]: each["Properties"]
        for each in resources(stack, ALARM).values()
    }


def dimensions(alarm: dict) -> dict:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


@pytest.fixture
def topic(stack):
    return sns.Topic(stack, "OnCall")


class TestFunction:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack, monitoring=...)
        key = kms.Key(stack, "Key")
        topic = sns.Topic(stack, "OnCall", master_key=key)
        Monitoring(topic=topic).apply_to(stack)
        return stack

    def test_it_has_three_alarms_whatever_invokes_it(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        assert {"Duration", "Errors", "Throttles"} == alarms(stack).keys()

    def test_each_looks_at_the_alias_which_alone_is_invoked(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html
        """
        (name,) = resources(stack, "AWS::Lambda::Function")
        for alarm in alarms(stack).values():
            assert "AWS/Lambda" == alarm["Namespace"]
            assert {
                "FunctionName": {"Ref": name},
                "Resource": {"Fn::Join": ["", [{"Ref": name}, ":live"]]},
            } == dimensions(alarm)

    def test_each_tells_the_topic_and_counts_no_data_as_good(self, stack):
        """
        Nothing happens for hours in many a function.
        """
        (topic,) = resources(stack, "AWS::SNS::Topic")
        for alarm in alarms(stack).values():
            assert [{"Ref": topic}] == alarm["AlarmActions"]
            assert "notBreaching" == alarm["TreatMissingData"]

    def test_errors_and_throttles_have_to_last(self, stack):
        """
        Three minutes of five: the three tries of one event are that, a blip is not.
        """
        for name in ("Errors", "Throttles"):
            alarm = alarms(stack)[name]
            assert (60, 3, 5) == (
                alarm["Period"],
                alarm["DatapointsToAlarm"],
                alarm["EvaluationPeriods"],
            )
            assert (1, "Sum") == (alarm["Threshold"], alarm["Statistic"])

    def test_the_duration_is_an_alarm_near_the_timeout(self, stack):
        """
        80 % of 10 s, in milliseconds.
        """
        alarm = alarms(stack)["Duration"]

        assert 8_000 == alarm["Threshold"]
        assert "p99" == alarm["ExtendedStatistic"]

    def test_cloudwatch_may_publish_and_use_the_key_for_alarms_here_alone(self, stack):
        """
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        """
        policies = [
            only(stack, "AWS::SNS::TopicPolicy")["PolicyDocument"],
            only(stack, "AWS::KMS::Key")["KeyPolicy"],
        ]
        wanted = ["sns:Publish", ["kms:Decrypt", "kms:GenerateDataKey"]]
        for policy, actions in zip(policies, wanted, strict=True):
            (found,) = [
                each
                for each in policy["Statement"]
                if each["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
            ]
            assert actions == found["Action"]
            account = {"Ref": "AWS::AccountId"}
            assert {"aws:SourceAccount": account} == found["Condition"]["StringEquals"]
            assert ":alarm:Shop/*" in str(
                found["Condition"]["ArnLike"]["aws:SourceArn"]
            )

    def test_there_is_one_dashboard_with_the_timeout_as_a_line(self, stack):
        """
        All alarms are on top of it.
        """
        text, values = only(stack, DASHBOARD)["DashboardBody"]["Fn::Sub"]
        widgets = json.loads(text)["widgets"]
        (alarm,) = [each for each in widgets if each["type"] == "alarm"]
        (duration,) = [
            each for each in widgets if each["properties"].get("title") == "Duration"
        ]

        assert 1 == alarm["y"]
        arns = [values[each[2:-1]] for each in alarm["properties"]["alarms"]]
        assert sorted(resources(stack, ALARM)) == sorted(
            each["Fn::GetAtt"][0] for each in arns
        )
        (line,) = duration["properties"]["annotations"]["horizontal"]
        assert ("Timeout", 10_000) == (line["label"], line["value"])

    def test_queries_over_its_logs_are_saved(self, stack):
        """
        In a folder by the name of the stack.
        """
        (group,) = resources(stack, "AWS::Logs::LogGroup")
        saved = [each["Properties"] for each in resources(stack, QUERY).values()]

        assert {"Shop/Errors", "Shop/One correlation id", "Shop/Slowest"} == {
            each["Name"] for each in saved
        }
        assert all([{"Ref": group}] == each["LogGroupNames"] for each in saved)

    def test_nothing_is_warned_of(self, stack):
        """
        Somebody is told.
        """
        assert not is_warned(stack, Practice.MONITORING)


class TestAsynchronousFunction:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        topic = sns.Topic(stack, "OnCall")
        monitoring = Monitoring(topic=topic, dashboard=False, thresholds={"Errors": 7})
        make_function(stack, async_invoke=AsyncInvoke(), monitoring=monitoring)
        return stack

    def test_it_is_watched_for_what_is_dropped_waits_or_is_lost(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        assert {
            "AsyncEventAge",
            "AsyncEventsDropped",
            "DestinationDeliveryFailures",
        } < alarms(stack).keys()

    def test_one_message_in_a_failure_queue_is_an_alarm(self, stack):
        """
        By how many are there: SQS does not count what it moves there itself.
        """
        alarm = alarms(stack)["ApproximateNumberOfMessagesVisible"]
        (queue,) = resources(stack, "AWS::SQS::Queue")

        assert {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}} == dimensions(alarm)
        assert (1, "Maximum") == (alarm["Threshold"], alarm["Statistic"])

    def test_an_event_may_wait_as_long_as_all_of_its_tries_take(self, stack):
        """
        Twice 10 s, pauses of one and two minutes, and five minutes to spare.
        """
        assert 500_000 == alarms(stack)["AsyncEventAge"]["Threshold"]

    def test_a_threshold_that_is_said_wins(self, stack):
        """
        In the metric's own unit.
        """
        assert 7 == alarms(stack)["Errors"]["Threshold"]

    def test_there_is_no_dashboard_where_none_is_wanted(self, stack):
        """
        Each costs three dollars a month, from the fourth on.
        """
        assert {} == resources(stack, DASHBOARD)


def test_the_order_of_function_source_and_monitoring_is_free():
    """
    It is settled when all has been said; nothing has to be held by a variable.
    """
    app = App()
    stack = Stack(app, "Shop")
    function = make_function(stack, monitoring=...)
    Monitoring(topic=sns.Topic(stack, "OnCall")).apply_to(app)
    function.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))
    del function
    gc.collect()

    assert "FailedInvokeEventCount" in alarms(stack)
    mapping = only(stack, "AWS::Lambda::EventSourceMapping")
    assert {"Metrics": ["EventCount"]} == mapping["MetricsConfig"]


def test_a_mapping_that_is_told_to_count_nothing_is_not_watched(stack, topic):
    """
    Its alarms could never have data.
    """
    function = make_function(stack, monitoring=Monitoring(topic=topic))
    silent = lambda_.MetricsConfig(metrics=[])
    queue = sqs.Queue(stack, "Queue")
    function.add_event_source(SqsEventSource(queue, metrics_config=silent))

    assert "FailedInvokeEventCount" not in alarms(stack)


def test_what_is_nearer_wins(stack, topic):
    """
    The function itself, then the stack, then the app.
    """
    own, other = sns.Topic(stack, "Own"), sns.Topic(stack, "Other")
    Monitoring(topic=other).apply_to(stack.node.root)
    Monitoring(topic=topic).apply_to(stack)
    make_function(stack, "A", monitoring=...)
    make_function(stack, "B", monitoring=Monitoring(topic=own))
    make_function(stack, "C", monitoring=None)

    told = {
        logical_id.removeprefix("LambdaMonitoring")[0]: alarm["Properties"]
        for logical_id, alarm in resources(stack, ALARM).items()
    }
    assert {"A", "B"} == told.keys()
    assert "OnCall" in str(told["A"]["AlarmActions"])
    assert "Own" in str(told["B"]["AlarmActions"])


def test_nobody_to_tell_is_warned_of_and_can_be_answered(stack):
    """
    By a reason; or by None, which needs none.
    """
    function = make_function(stack, monitoring=...)
    make_function(stack, "Silent", monitoring=None)
    other = make_function(Stack(App(), "Other"), monitoring=...)
    Practice.MONITORING.acknowledge(other, reason="an experiment")

    assert is_warned(stack, Practice.MONITORING)
    assert {} == resources(stack, ALARM)
    assert not is_warned(Stack.of(other), Practice.MONITORING)
    assert function.bound == []


def test_a_metric_that_two_functions_share_has_one_alarm(stack, topic):
    """
    As the dead-letter queue of a queue that both poll.
    """
    Monitoring(topic=topic).apply_to(stack)
    queue = sqs.Queue(stack, "Queue")
    for id in ("A", "B"):
        function = make_function(stack, id, monitoring=...)
        function.add_event_source(SqsEventSource(queue))

    looked_at = [
        json.dumps([each["Properties"]["MetricName"], each["Properties"]["Dimensions"]])
        for each in resources(stack, ALARM).values()
    ]
    assert len(looked_at) == len(set(looked_at))


def test_functions_whose_paths_read_alike_have_alarms_of_their_own(stack, topic):
    """
    `Shop/A/B` and `Shop/A-B`: names and ids differ all the same.
    """
    Monitoring(topic=topic).apply_to(stack)
    make_function(Construct(stack, "A"), "B", monitoring=...)
    make_function(stack, "A-B", monitoring=...)

    made = resources(stack, ALARM).values()
    names = [each["Properties"]["AlarmName"] for each in made]
    assert 6 == len(names) == len(set(names))
    assert "Shop/A-B/Errors" in names


def test_none_as_a_threshold_leaves_an_alarm_out(stack, topic):
    """
    The others stay.
    """
    make_function(
        stack, monitoring=Monitoring(topic=topic, thresholds={"Throttles": None})
    )

    assert {"Duration", "Errors"} == alarms(stack).keys()


class Poll:
    """A source of one's own, with a signal, or something that is none."""

    def __init__(self, *given):
        self.given = given

    def bind(self, function):
        return self

    def signals(self, function, bound):
        assert bound is self
        return list(self.given)


class Plain:
    """A source of one's own that has no signals."""

    def bind(self, function):
        return None


def test_a_source_of_one_s_own_tells_its_signals_or_nothing(stack, topic):
    """
    A method that it has, or has not.
    """
    late = Signal(
        name="Late",
        namespace="Shop",
        metric_name="Late",
        dimensions={"Shop": "one"},
        meaning="It is late.",
        limit=Limit(threshold=5, comparison_operator=">"),
    )
    function = make_function(stack, monitoring=Monitoring(topic=topic))
    function.add_event_source(Poll(late))
    function.add_event_source(Plain())

    alarm = alarms(stack)["Late"]
    assert {"Shop": "one"} == dimensions(alarm)
    assert "GreaterThanThreshold" == alarm["ComparisonOperator"]


def test_tags_of_the_stack_reach_the_alarms(stack, topic):
    """
    Although they come last.
    """
    Tags.of(stack).add("team", "shop")
    make_function(stack, monitoring=Monitoring(topic=topic))

    assert [{"Key": "team", "Value": "shop"}] == alarms(stack)["Errors"]["Tags"]


def test_an_imported_topic_is_warned_of(stack):
    """
    Its policy is not in this app.
    """
    arn = "arn:aws:sns:eu-west-1:111111111111:OnCall"
    topic = sns.Topic.from_topic_arn(stack, "Imported", arn)
    make_function(stack, monitoring=Monitoring(topic=topic))

    assert is_warned(stack, Practice.MONITORING_IMPORTED_TOPIC)
    assert [arn] == alarms(stack)["Errors"]["AlarmActions"]


def test_fails_if_cloudwatch_may_not_use_the_key(stack):
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html: the key of AWS's
    own has a policy that cannot be changed.
    """
    key = kms.Alias.from_alias_name(stack, "Key", "alias/aws/sns")
    topic = sns.Topic(stack, "OnCall", master_key=key)

    with pytest.raises(ConfigurationError, match=r"alias/aws/sns, which CloudWatch"):
        Monitoring(topic=topic)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topic": None}, "topic must be an SNS topic, got None"),
        ({"dashboard": 1}, "dashboard must be True or False"),
        ({"dashboard": None}, "dashboard must not be None; leave it out"),
        ({"thresholds": None}, "thresholds must not be None; leave it out"),
        ({"thresholds": {5: 5}}, r"a name in thresholds must be text, got 5"),
        ({"thresholds": {"Errors": float("nan")}}, "must be a number, got nan"),
        ({"thresholds": 5}, "thresholds must be a mapping"),
        ({"thresholds": {"Errors": "5"}}, r"thresholds\['Errors'\] must be a number"),
    ],
)
def test_fails_if_a_value_is_of_another_type(topic, given, message):
    """
    The message has the name and the value.
    """
    with pytest.raises(ConfigurationError, match=message):
        Monitoring(**{"topic": topic, **given})


def test_fails_if_a_function_is_given_something_else(stack, topic):
    """
    The topic alone, as is easily done.
    """
    with pytest.raises(ConfigurationError, match=r"must be Monitoring\(topic=\.\.\.\)"):
        make_function(stack, monitoring=topic)


def test_fails_if_it_is_applied_to_no_construct(topic):
    """
    A name, say.
    """
    with pytest.raises(ConfigurationError, match="takes an app, a stack or"):
        Monitoring(topic=topic).apply_to("Shop")


@pytest.mark.parametrize(
    ("monitoring", "message"),
    [
        ({"thresholds": {"Error": 1}}, "did you mean Errors"),
        ({"thresholds": {"Errors": 0}}, r"thresholds\['Errors'\] must be above 0"),
        ({}, r"Region eu-west-1, got Ops/OnCall in us-east-1"),
    ],
)
def test_fails_at_synthesis_if_alarms_could_not_be_as_said(monitoring, message):
    """
    By the end, when all alarms are known.
    """
    app = App()
    region = "eu-west-1" if "thresholds" in monitoring else "us-east-1"
    ops = Stack(app, "Ops", env=Environment(account="1" * 12, region=region))
    shop = Stack(app, "Shop", env=Environment(account="1" * 12, region="eu-west-1"))
    make_function(
        shop, monitoring=Monitoring(topic=sns.Topic(ops, "OnCall"), **monitoring)
    )

    with pytest.raises(RuntimeError, match=message):
        app.synth()


@pytest.mark.parametrize(
    ("stages", "accounts", "message"),
    [
        ((), ("1" * 12, "2" * 12), r"account 2{12}, got Ops/OnCall in 1{12}; import"),
        (("Tools", "Prod"), (None, None), r"Stage Prod, got Tools/Ops/OnCall, since"),
        (("Tools", None), (None, None), r"Stage App, got Tools/Ops/OnCall, since"),
    ],
)
def test_fails_at_synthesis_if_the_topic_cannot_be_named(stages, accounts, message):
    """
    An imported one can be, whose account lets CloudWatch publish.
    """
    app = App()
    scopes = [Stage(app, each) if each else app for each in stages or (None, None)]
    ops, shop = (
        Stack(scope, name, env=Environment(account=account))
        for scope, name, account in zip(scopes, ("Ops", "Shop"), accounts, strict=True)
    )
    make_function(shop, monitoring=Monitoring(topic=sns.Topic(ops, "OnCall")))

    with pytest.raises(RuntimeError, match=message):
        app.synth()


def test_fails_at_synthesis_if_a_source_tells_something_else(stack, topic):
    """
    Its class is named.
    """
    function = make_function(stack, monitoring=Monitoring(topic=topic))
    function.add_event_source(Poll("late"))

    with pytest.raises(RuntimeError, match=r"signals\(\) of Poll must give a list of"):
        stack.node.root.synth()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"comparison_operator": "=="}, "comparison_operator must be >=, >, < or <="),
        ({"treat_missing_data": "good"}, "treat_missing_data must be breaching"),
        ({"datapoints_to_alarm": 2}, "at most the 1 evaluation_periods, got 2"),
    ],
)
def test_fails_if_a_limit_is_none_of_cloudwatch_s(given, message):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    with pytest.raises(ConfigurationError, match=message):
        Limit(threshold=1, **given)


def test_alarms_of_each_stack_may_be_published_and_no_others(stack, topic):
    """
    The name of a nested stack begins with that of its parent.
    """
    other = Stack(App.of(stack), "Other")
    nested = NestedStack(stack, "Inner")
    for place in (stack, other, nested):
        make_function(place, monitoring=Monitoring(topic=topic))

    App.of(stack).synth()

    policy = only(stack, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    sources = [
        each["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1]
        for each in policy["Statement"]
    ]
    assert [":alarm:Other/*", ":alarm:Shop-*", ":alarm:Shop/*"] == sorted(sources)


def test_a_name_that_is_too_long_stays_one_of_the_stack(stack, topic):
    """
    By which CloudWatch may publish it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    for parent in ("A", "B"):
        place = Construct(stack, parent * 60)
        make_function(place, "W" * 195, monitoring=Monitoring(topic=topic))

    names = [
        each["Properties"]["AlarmName"] for each in resources(stack, ALARM).values()
    ]
    assert len(names) == len(set(names))
    assert all(each.startswith("Shop/") and len(each) <= 255 for each in names)
