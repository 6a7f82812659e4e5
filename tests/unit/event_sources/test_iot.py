"""A rule of AWS IoT Core: what it gets, what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import AsyncInvoke, ConfigurationError, FailureDestination
from lambda_constructs.event_sources import IotEventSource
from tests.unit.conftest import make_function, only, resources

RULE = "AWS::IoT::TopicRule"
PERMISSION = "AWS::Lambda::Permission"
POLICY = "AWS::IAM::ManagedPolicy"
QUEUE = "AWS::SQS::Queue"
SQL = "SELECT *, topic(2) AS device_id FROM 'devices/+/telemetry'"
WARNING = "lambda-constructs:iot-sql-version"


def payload(stack: Stack) -> dict:
    return only(stack, RULE)["TopicRulePayload"]


def named(stack: Stack, type: str, name: str) -> dict:
    (found,) = [
        resource["Properties"]
        for logical_id, resource in resources(stack, type).items()
        if logical_id[:-8] == name
    ]
    return found


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(IotEventSource(SQL))
        return stack

    def test_the_rule_invokes_the_live_alias_with_what_it_selects(self, stack):
        """
        By the SQL of 2016: IoT's own default is that of 2015.
        """
        rule = payload(stack)
        (action,) = rule["Actions"]

        assert "WorkerLive" in json.dumps(action["Lambda"]["FunctionArn"])
        assert SQL == rule["Sql"]
        assert "2016-03-23" == rule["AwsIotSqlVersion"]
        assert rule["RuleDisabled"] is False

    def test_the_rule_alone_may_invoke_the_alias(self, stack):
        """
        CDK gives no permission at all.

        https://docs.aws.amazon.com/iot/latest/developerguide/lambda-rule-action.html
        """
        permission = only(stack, PERMISSION)

        assert "iot.amazonaws.com" == permission["Principal"]
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert permission["SourceArn"]["Fn::GetAtt"][0].startswith("WorkerTopicRule")
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]

    def test_what_cannot_be_delivered_ends_in_a_queue(self, stack):
        """
        It keeps the messages for 14 days, encrypted, TLS only.
        """
        send = payload(stack)["ErrorAction"]["Sqs"]
        queue = named(stack, QUEUE, "WorkerTopicRuleUndelivered")

        assert "WorkerTopicRuleUndelivered" in send["QueueUrl"]["Ref"]
        assert "WorkerTopicRuleRole" in send["RoleArn"]["Fn::GetAtt"][0]
        assert send["UseBase64"] is False
        assert 1_209_600 == queue["MessageRetentionPeriod"]
        assert queue["SqsManagedSseEnabled"] is True

    def test_the_rule_s_role_may_send_there_and_nothing_else(self, stack):
        """
        By a policy of the account's own.
        """
        policy = named(stack, POLICY, "WorkerTopicRulePolicy")
        (grant,) = policy["PolicyDocument"]["Statement"]

        assert "sqs:SendMessage" == grant["Action"]
        assert "Undelivered" in grant["Resource"]["Fn::GetAtt"][0]
        assert "WorkerTopicRuleRole" in policy["Roles"][0]["Ref"]

    def test_rules_of_this_account_alone_may_assume_the_role(self, stack):
        """
        https://docs.aws.amazon.com/iot/latest/developerguide/iot-create-role.html
        """
        role = named(stack, "AWS::IAM::Role", "WorkerTopicRuleRole")
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

        assert {"Service": "iot.amazonaws.com"} == trust["Principal"]
        account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert account == trust["Condition"]["StringEquals"]
        source = json.dumps(trust["Condition"]["ArnLike"]["aws:SourceArn"])
        assert source.endswith(':rule/*"]]}')

    def test_the_rule_waits_until_its_error_action_works(self, stack):
        """
        The first message may be the first that fails.
        """
        (rule,) = resources(stack, RULE).values()

        assert ["WorkerTopicRulePolicy"] == [name[:-8] for name in rule["DependsOn"]]

    def test_both_stores_are_at_hand_for_alarms(self, stack):
        """
        What IoT could not deliver, and what the function could not process.
        """
        worker = stack.node.find_child("Worker")

        assert ["Shop/Worker/Failures", "Shop/Worker/TopicRule/Undelivered"] == [
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
            IotEventSource(
                "select temperature from 'a/#' where temperature > 80",
                aws_iot_sql_version="2015-10-08",
                dead_letter_queue=sqs.Queue(stack, "Mine"),
                description="Hot",
                enabled=False,
                id="Hot",
            )
        )

        rule = payload(stack)
        assert "select temperature" in rule["Sql"]
        assert "2015-10-08" == rule["AwsIotSqlVersion"]
        assert "Mine" in rule["ErrorAction"]["Sqs"]["QueueUrl"]["Ref"]
        assert "Hot" == rule["Description"]
        assert rule["RuleDisabled"] is True
        assert ["Shop/Worker/Failures"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_an_encrypted_queue_takes_its_key_through_sqs_only(self, stack, worker):
        """
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        queue = sqs.Queue(stack, "Mine", encryption_master_key=kms.Key(stack, "Key"))

        worker.add_event_source(IotEventSource(SQL, dead_letter_queue=queue))

        policy = named(stack, POLICY, "WorkerTopicRulePolicy")
        _, use = policy["PolicyDocument"]["Statement"]
        assert ["kms:Decrypt", "kms:GenerateDataKey"] == use["Action"]
        assert "sqs." in str(use["Condition"]["StringEquals"]["kms:ViaService"])

    def test_any_error_action_may_be_given_with_a_role_of_its_own(self, stack, worker):
        """
        Then nothing is made beside it.
        """
        role = iam.Role(
            stack, "Mine", assumed_by=iam.ServicePrincipal("iot.amazonaws.com")
        )
        action = iot.CfnTopicRule.ActionProperty(
            republish=iot.CfnTopicRule.RepublishActionProperty(
                role_arn=role.role_arn, topic="errors"
            )
        )

        worker.add_event_source(IotEventSource(SQL, error_action=action))

        assert "errors" == payload(stack)["ErrorAction"]["Republish"]["Topic"]
        assert ["WorkerFailures"] == [name[:-8] for name in resources(stack, QUEUE)]
        assert "DependsOn" not in next(iter(resources(stack, RULE).values()))

    def test_a_function_keeps_where_it_said_its_failures_go(self, stack):
        """
        The second store is the rule's own.
        """
        on_failure = FailureDestination.queue(sqs.Queue(stack, "Mine"))
        worker = make_function(stack, async_invoke=AsyncInvoke(on_failure=on_failure))

        worker.add_event_source(IotEventSource(SQL))

        assert ["Shop/Worker/TopicRule/Undelivered"] == [
            queue.node.path for queue in worker.failure_queues
        ]

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        sql = Token.as_string({"Ref": "Sql"})

        worker.add_event_source(IotEventSource(sql))

        assert {"Ref": "Sql"} == payload(stack)["Sql"]

    def test_bind_gives_the_rule(self, worker):
        """
        Whose name CloudFormation makes.
        """
        rule = worker.add_event_source(IotEventSource(SQL))

        assert Token.is_unresolved(rule.attr_arn)
        assert rule.rule_name is None

    def test_two_rules_live_on_one_function(self, stack, worker):
        """
        Each with a permission, a role and a store of its own.
        """
        worker.add_event_source(IotEventSource(SQL))
        worker.add_event_source(IotEventSource("SELECT * FROM 'alarms'", id="Alarms"))

        assert 2 == len(resources(stack, RULE)) == len(resources(stack, PERMISSION))
        assert 3 == len(resources(stack, QUEUE))

    def test_fails_if_a_second_rule_does_not_name_itself(self, worker):
        """
        A rule has no resource of its own to be named after.
        """
        worker.add_event_source(IotEventSource(SQL))

        with pytest.raises(ConfigurationError, match="'TopicRule' is the id of anoth"):
            worker.add_event_source(IotEventSource("SELECT * FROM 'alarms'"))

    def test_warns_of_the_beta_of_the_sql(self, stack, worker):
        """
        https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-sql-version.html
        """
        worker.add_event_source(IotEventSource(SQL, aws_iot_sql_version="beta"))

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp(f"ack: {WARNING}\\]")
        )


class TestLimits:
    @pytest.mark.parametrize("sql", ["", "  ", "FROM 'a'", "SELECTED"])
    def test_fails_if_the_sql_does_not_begin_with_select(self, sql):
        """
        https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
        """
        with pytest.raises(ConfigurationError) as error:
            IotEventSource(sql)

        assert (
            f"sql must begin with SELECT, got {sql!r}; begin with SELECT * for whole "
            "messages"
        ) == str(error.value)

    def test_fails_if_the_sql_is_too_large(self):
        """
        https://docs.aws.amazon.com/general/latest/gr/iot-core.html
        """
        begin = "SELECT "
        IotEventSource(begin + "é" * ((262_144 - len(begin)) // 2))

        with pytest.raises(ConfigurationError, match="at most 262,144 bytes, got 262"):
            IotEventSource(begin + "é" * 131_072)

    def test_fails_if_there_is_no_such_version_of_the_sql(self):
        """
        IoT knows three.
        """
        with pytest.raises(ConfigurationError) as error:
            IotEventSource(SQL, aws_iot_sql_version="2016")

        assert (
            "aws_iot_sql_version must be 2015-10-08, 2016-03-23 or beta, got '2016'"
        ) == str(error.value)

    def test_fails_if_the_queue_is_fifo(self, stack):
        """
        https://docs.aws.amazon.com/iot/latest/developerguide/sqs-rule-action.html
        """
        queue = sqs.Queue(stack, "Mine", fifo=True)

        with pytest.raises(ConfigurationError) as error:
            IotEventSource(SQL, dead_letter_queue=queue)

        assert (
            "dead_letter_queue must be standard, got FIFO Shop/Mine; IoT cannot send "
            "to FIFO, pass a standard one"
        ) == str(error.value)

    def test_fails_if_there_are_two_error_actions(self, stack):
        """
        A rule has one.
        """
        with pytest.raises(ConfigurationError, match="exclude each other"):
            IotEventSource(
                SQL,
                dead_letter_queue=sqs.Queue(stack, "Mine"),
                error_action=iot.CfnTopicRule.ActionProperty(),
            )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"sql": 1}, "sql must be text, got 1 (int)"),
            ({"sql": None}, "sql must begin with SELECT, got None"),
            ({"enabled": "no"}, "enabled must be True or False, got 'no' (str)"),
            ({"description": 1}, "description must be text, got 1 (int)"),
            ({"dead_letter_queue": "q"}, "dead_letter_queue must be an SQS queue"),
            ({"error_action": {}}, "error_action must be a CfnTopicRule.ActionPropert"),
        ],
    )
    def test_fails_if_an_option_is_of_another_type(self, options, message):
        """
        Before anything is bound.
        """
        with pytest.raises(ConfigurationError) as error:
            IotEventSource(**{"sql": SQL, **options})

        assert str(error.value).startswith(message)
