"""A custom rule of AWS Config: what triggers it, what it may, and what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_config as config
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import ConfigEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

RULE = "AWS::Config::ConfigRule"
PERMISSION = "AWS::Lambda::Permission"
DAILY = config.MaximumExecutionFrequency.TWENTY_FOUR_HOURS


def triggers(stack: Stack) -> list[dict]:
    return only(stack, RULE)["Source"]["SourceDetails"]


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            ConfigEventSource(configuration_changes=True)
        )
        return stack

    def test_the_rule_invokes_the_live_alias(self, stack):
        """
        Config takes any qualifier but $LATEST.

        https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_nodejs.html
        """
        source = only(stack, RULE)["Source"]

        assert "WorkerLive" in source["SourceIdentifier"]["Ref"]
        assert "CUSTOM_LAMBDA" == source["Owner"]

    def test_changes_too_large_for_an_event_are_told_of_too(self, stack):
        """
        https://docs.aws.amazon.com/config/latest/APIReference/API_SourceDetail.html
        """
        assert [
            {"EventSource": "aws.config", "MessageType": each}
            for each in (
                "ConfigurationItemChangeNotification",
                "OversizedConfigurationItemChangeNotification",
            )
        ] == triggers(stack)

    def test_rules_of_this_account_alone_may_invoke_the_alias(self, stack):
        """
        Not by the rule's ARN, which is made after the permission has been checked.

        https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_nodejs.html#restricted-lambda-policy
        """
        permission = only(stack, PERMISSION)

        assert "config.amazonaws.com" == permission["Principal"]
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
        assert "SourceArn" not in permission

    def test_the_rule_waits_for_the_permissions(self, stack):
        """
        Config checks that it can invoke when it makes the rule.
        """
        (rule,) = resources(stack, RULE).values()

        assert ["WorkerConfigRulePermission", "WorkerPolicy"] == sorted(
            name.rstrip("0123456789ABCDEF") for name in rule["DependsOn"]
        )

    def test_the_function_may_put_evaluations_and_read_nothing(self, stack):
        """
        CDK's managed policy reads every snapshot in S3, and calls all of Config.
        """
        (grant,) = [each for each in statements(stack) if "config:" in str(each)]

        assert "config:PutEvaluations" == grant["Action"]
        assert "*" == grant["Resource"]
        assert "config:PutEvaluations" in allowed(stack, "*")
        for role in resources(stack, "AWS::IAM::Role").values():
            assert "ManagedPolicyArns" not in role["Properties"]

    def test_what_is_not_said_is_config_s_own_default(self, stack):
        """
        All that is recorded, and what exists.
        """
        assert {"Source"} == only(stack, RULE).keys()

    def test_events_that_are_given_up_end_in_a_queue(self, stack):
        """
        Config invokes asynchronously, and does not look back.
        """
        worker = stack.node.find_child("Worker")

        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

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
        worker.add_event_source(
            ConfigEventSource(
                configuration_changes=True,
                description="Tagged",
                evaluation_modes=config.EvaluationMode.DETECTIVE_AND_PROACTIVE,
                id="Tags",
                input_parameters={"tags": "owner"},
                maximum_execution_frequency=DAILY,
                scope=config.RuleScope.from_resources(
                    [config.ResourceType.S3_BUCKET, config.ResourceType.DYNAMODB_TABLE]
                ),
            )
        )

        rule = only(stack, RULE)
        assert "Tagged" == rule["Description"]
        assert [{"Mode": "DETECTIVE"}, {"Mode": "PROACTIVE"}] == rule["EvaluationModes"]
        assert {"tags": "owner"} == rule["InputParameters"]
        assert {
            "ComplianceResourceTypes": ["AWS::S3::Bucket", "AWS::DynamoDB::Table"]
        } == rule["Scope"]
        assert {
            "EventSource": "aws.config",
            "MaximumExecutionFrequency": "TwentyFour_Hours",
            "MessageType": "ScheduledNotification",
        } == triggers(stack)[-1]

    def test_the_clock_alone_will_do(self, stack, worker):
        """
        Then no change is judged as such.
        """
        worker.add_event_source(ConfigEventSource(maximum_execution_frequency=DAILY))

        assert ["ScheduledNotification"] == [
            each["MessageType"] for each in triggers(stack)
        ]

    @pytest.mark.parametrize(
        ("scope", "expected"),
        [
            (
                lambda: config.RuleScope.from_resource(
                    config.ResourceType.S3_BUCKET, "b"
                ),
                {
                    "ComplianceResourceId": "b",
                    "ComplianceResourceTypes": ["AWS::S3::Bucket"],
                },
            ),
            (
                lambda: config.RuleScope.from_tag("team", "shop"),
                {"TagKey": "team", "TagValue": "shop"},
            ),
        ],
    )
    def test_the_scope_may_be_one_resource_or_a_tag(
        self, stack, worker, scope, expected
    ):
        """
        https://docs.aws.amazon.com/config/latest/APIReference/API_Scope.html
        """
        worker.add_event_source(
            ConfigEventSource(configuration_changes=True, scope=scope())
        )

        assert expected == only(stack, RULE)["Scope"]

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Text"})

        worker.add_event_source(
            ConfigEventSource(
                configuration_changes=True,
                description=token,
                input_parameters={"tags": token, "more": "x" * 1_100},
            )
        )

        assert {"Ref": "Text"} == only(stack, RULE)["Description"]
        assert {"Ref": "Text"} == only(stack, RULE)["InputParameters"]["tags"]

    def test_bind_gives_the_rule(self, worker):
        """
        Whose name CloudFormation makes.
        """
        rule = worker.add_event_source(ConfigEventSource(configuration_changes=True))

        assert Token.is_unresolved(rule.attr_arn)
        assert rule.config_rule_name is None

    def test_two_rules_live_on_one_function(self, stack, worker):
        """
        With a permission each, and one grant.
        """
        worker.add_event_source(ConfigEventSource(configuration_changes=True))
        worker.add_event_source(
            ConfigEventSource(maximum_execution_frequency=DAILY, id="Daily")
        )

        assert 2 == len(resources(stack, RULE)) == len(resources(stack, PERMISSION))
        assert 1 == sum("config:" in str(each) for each in statements(stack))

    def test_fails_if_a_second_rule_does_not_name_itself(self, worker):
        """
        A rule has no resource of its own to be named after.
        """
        worker.add_event_source(ConfigEventSource(configuration_changes=True))

        with pytest.raises(ConfigurationError, match="'ConfigRule' is the id of anot"):
            worker.add_event_source(ConfigEventSource(configuration_changes=True))


class TestLimits:
    def test_fails_if_nothing_triggers_the_rule(self):
        """
        It would never run.
        """
        with pytest.raises(ConfigurationError) as error:
            ConfigEventSource()

        assert (
            "configuration_changes or maximum_execution_frequency must be given, got "
            "neither, so nothing triggers the rule; pass configuration_changes=True"
        ) == str(error.value)

    def test_fails_if_the_input_parameters_are_too_long(self):
        """
        https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigRule.html
        """
        room = 1_024 - len('{"tags":""}')
        given = {"configuration_changes": True}
        ConfigEventSource(**given, input_parameters={"tags": "x" * room})

        with pytest.raises(ConfigurationError) as error:
            ConfigEventSource(**given, input_parameters={"tags": "x" * (room + 1)})

        assert (
            "input_parameters must be at most 1,024 characters as JSON, got 1,025; "
            "keep them in a parameter of SSM, and pass its name"
        ) == str(error.value)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"description": "x" * 257},
                "description must be between 0 and 256 characters, got 257 characters",
            ),
            (
                {"scope": lambda: config.RuleScope.from_resources([])},
                "resource types of scope must be between 1 and 100, got 0",
            ),
            (
                {"scope": lambda: config.RuleScope.from_tag("x" * 129)},
                "tag of scope must be between 1 and 128 characters, got 129 characters",
            ),
            (
                {"scope": lambda: config.RuleScope.from_tag("x", "x" * 257)},
                "tag value of scope must be between 1 and 256 characters, got 257 "
                "characters",
            ),
            (
                {"configuration_changes": "yes"},
                "configuration_changes must be True or False, got 'yes' (str)",
            ),
            (
                {"maximum_execution_frequency": "One_Hour"},
                "maximum_execution_frequency must be a MaximumExecutionFrequency, got "
                "'One_Hour' (str)",
            ),
            (
                {"input_parameters": {"days": 1}},
                "'days' of input_parameters must be text, got 1 (int)",
            ),
            ({"scope": "s3"}, "scope must be a RuleScope, got 's3' (str)"),
        ],
    )
    def test_fails_if_an_option_cannot_be(self, options, message):
        """
        Before anything is bound.
        """
        given = {
            name: each() if callable(each) else each for name, each in options.items()
        }

        with pytest.raises(ConfigurationError) as error:
            ConfigEventSource(**{"configuration_changes": True, **given})

        assert message == str(error.value)
