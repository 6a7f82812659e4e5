"""A schedule: when it fires, by which role, and what cannot work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from aws_cdk import App, Aws, Duration, Environment, Stack, TimeZone, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import ScheduleEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

SCHEDULE = "AWS::Scheduler::Schedule"
POLICY = "WorkerSchedulePolicy"
HOURLY = scheduler.ScheduleExpression.rate(Duration.hours(1))
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
ONCE = scheduler.ScheduleExpression.at(NEW_YEAR)


def fault(**options) -> str:
    with pytest.raises(ConfigurationError) as error:
        ScheduleEventSource(**{"schedule": HOURLY, **options})
    return str(error.value)


def role(stack) -> dict:
    (found,) = [
        resource["Properties"]
        for logical_id, resource in resources(stack, "AWS::IAM::Role").items()
        if logical_id[:-8] == "WorkerScheduleRole"
    ]
    return found


def trust(stack) -> dict:
    (statement,) = role(stack)["AssumeRolePolicyDocument"]["Statement"]
    return statement


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(ScheduleEventSource(HOURLY))
        return stack

    def test_schedule_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        assert "WorkerLive" in str(only(stack, SCHEDULE)["Target"]["Arn"])

    def test_schedule_fires_on_time_in_utc(self, stack):
        """
        A flexible window is asked for, not given.
        """
        schedule = only(stack, SCHEDULE)

        assert "rate(1 hour)" == schedule["ScheduleExpression"]
        assert "Etc/UTC" == schedule["ScheduleExpressionTimezone"]
        assert {"Mode": "OFF"} == schedule["FlexibleTimeWindow"]
        assert "ENABLED" == schedule["State"]

    def test_role_of_the_schedule_may_invoke_the_alias_and_send_to_its_queue(
        self, stack
    ):
        """
        And nothing else; the function's own role may neither.
        """
        granted = {
            (statement["Action"], str(statement["Resource"]))
            for statement in statements(stack, POLICY)
        }
        (queue,) = [
            name for name in resources(stack, "AWS::SQS::Queue") if "Schedule" in name
        ]
        (alias,) = resources(stack, "AWS::Lambda::Alias")

        assert {
            ("lambda:InvokeFunction", str({"Ref": alias})),
            ("sqs:SendMessage", str({"Fn::GetAtt": [queue, "Arn"]})),
        } == granted
        assert set() == allowed(stack, alias, "WorkerPolicy")

    def test_role_trusts_scheduler_for_the_group_of_this_account(self, stack):
        """
        AWS supports no single schedule in aws:SourceArn.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        condition = trust(stack)["Condition"]["StringEquals"]

        assert {"Service": "scheduler.amazonaws.com"} == trust(stack)["Principal"]
        assert {"Ref": "AWS::AccountId"} == condition["aws:SourceAccount"]
        assert (
            ":schedule-group/default" == (condition["aws:SourceArn"]["Fn::Join"][1][-1])
        )

    def test_role_has_no_inline_policy(self, stack):
        """
        One customer-managed policy says all that it may do.
        """
        assert not {"ManagedPolicyArns", "Policies"} & role(stack).keys()
        assert {} == resources(stack, "AWS::IAM::Policy")

    def test_function_needs_no_resource_policy(self, stack):
        """
        The role is the permission.
        """
        assert {} == resources(stack, "AWS::Lambda::Permission")

    def test_schedule_waits_for_the_role_s_policy(self, stack):
        """
        It may fire as soon as it is there.
        """
        (schedule,) = resources(stack, SCHEDULE).values()

        assert [POLICY] == [name[:-8] for name in schedule["DependsOn"]]

    def test_delivery_is_tried_for_a_day(self, stack):
        """
        Scheduler's own default, said aloud.
        """
        assert {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185} == (
            only(stack, SCHEDULE)["Target"]["RetryPolicy"]
        )

    def test_both_stores_are_at_hand_for_alarms(self, stack):
        """
        For what was not delivered, and for what failed in the function.
        """
        worker = stack.node.find_child("Worker")

        assert ["Shop/Worker/ScheduleUndelivered", "Shop/Worker/Failures"] == [
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
        By AWS's own names; dates in UTC.
        """
        east = timezone(timedelta(hours=2))
        worker.add_event_source(
            ScheduleEventSource(
                scheduler.ScheduleExpression.cron(
                    hour="3", minute="0", time_zone=TimeZone.EUROPE_BERLIN
                ),
                dead_letter_queue=sqs.Queue(stack, "Mine"),
                description="Cleans up",
                enabled=False,
                end=datetime(2031, 1, 1, 2, tzinfo=east),
                flexible_time_window=Duration.hours(24),
                id="Schedule",
                input={"kind": "full", "at": scheduler.ContextAttribute.scheduled_time},
                key=kms.Key(stack, "Secret"),
                max_event_age=Duration.minutes(1),
                retry_attempts=0,
                schedule_group=scheduler.ScheduleGroup(stack, "Group"),
                start=NEW_YEAR,
            )
        )

        schedule = only(stack, SCHEDULE)
        target = schedule["Target"]
        assert "cron(0 3 * * ? *)" == schedule["ScheduleExpression"]
        assert "Europe/Berlin" == schedule["ScheduleExpressionTimezone"]
        assert "Mine" in str(target["DeadLetterConfig"]["Arn"])
        assert "Cleans up" == schedule["Description"]
        assert "DISABLED" == schedule["State"]
        assert "2030-01-01T00:00:00Z" == schedule["StartDate"]
        assert "2031-01-01T00:00:00Z" == schedule["EndDate"]
        assert {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1_440} == (
            schedule["FlexibleTimeWindow"]
        )
        assert (
            '{"kind":"full","at":"<aws.scheduler.scheduled-time>"}' == (target["Input"])
        )
        assert "Secret" in str(schedule["KmsKeyArn"])
        assert {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0} == (
            target["RetryPolicy"]
        )
        assert "Group" in str(schedule["GroupName"])

    def test_once_is_at(self, stack, worker):
        """
        In the time zone that it was given in.
        """
        worker.add_event_source(ScheduleEventSource(ONCE))

        assert "at(2030-01-01T00:00:00)" == only(stack, SCHEDULE)["ScheduleExpression"]

    @pytest.mark.parametrize(
        ("input", "expected"),
        [("go", '"go"'), (7, "7"), ([1, "a"], '[1,"a"]'), ({}, "{}")],
    )
    def test_input_is_whatever_json_can_say(self, stack, worker, input, expected):
        """
        Lambda takes no other.
        """
        worker.add_event_source(ScheduleEventSource(HOURLY, input=input))

        assert expected == only(stack, SCHEDULE)["Target"]["Input"]

    def test_role_trusts_the_group_that_is_given(self, stack, worker):
        """
        And no other.
        """
        group = scheduler.ScheduleGroup(stack, "Group")

        worker.add_event_source(ScheduleEventSource(HOURLY, schedule_group=group))

        condition = trust(stack)["Condition"]["StringEquals"]
        assert "Group" in condition["aws:SourceArn"]["Fn::GetAtt"][0]

    def test_key_may_decrypt_schedules_of_the_group_only(self, stack, worker):
        """
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html.
        """
        key = kms.Key(stack, "Secret")

        worker.add_event_source(ScheduleEventSource(HOURLY, input={}, key=key))

        (use,) = [each for each in statements(stack, POLICY) if "Secret" in str(each)]
        context = "kms:EncryptionContext:aws:scheduler:schedule:arn"
        assert {"kms:Decrypt"} == allowed(stack, "Secret", POLICY)
        assert (
            ":schedule/default/*"
            == (use["Condition"]["ArnLike"][context]["Fn::Join"][1][-1])
        )

    def test_key_of_the_queue_may_be_used_through_sqs(self, stack, worker):
        """
        By the role, for the dead letters.
        """
        key = kms.Key(stack, "Secret")
        mine = sqs.Queue(stack, "Mine", encryption_master_key=key)

        worker.add_event_source(ScheduleEventSource(HOURLY, dead_letter_queue=mine))

        (use,) = [each for each in statements(stack, POLICY) if "Secret" in str(each)]
        assert {"kms:Decrypt", "kms:GenerateDataKey"} == (
            allowed(stack, "Secret", POLICY)
        )
        assert "sqs." in str(use["Condition"]["StringEquals"]["kms:ViaService"])

    def test_tokens_are_passed_through(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Number"})
        expression = scheduler.ScheduleExpression.expression(
            Token.as_string({"Ref": "When"})
        )

        worker.add_event_source(
            ScheduleEventSource(
                expression, input={"here": Aws.REGION}, retry_attempts=token
            )
        )

        schedule = only(stack, SCHEDULE)
        assert {"Ref": "When"} == schedule["ScheduleExpression"]
        assert {"Ref": "Number"} == (
            schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"]
        )
        assert "AWS::Region" in str(schedule["Target"]["Input"])

    def test_bind_gives_the_schedule(self, stack, worker):
        """
        There is no getter that throws before it is bound.
        """
        schedule = worker.add_event_source(ScheduleEventSource(HOURLY))

        assert {"Fn::GetAtt": [stack.get_logical_id(schedule), "Arn"]} == (
            stack.resolve(schedule.attr_arn)
        )

    def test_two_schedules_live_on_one_function(self, stack, worker):
        """
        Each with a role of its own.
        """
        worker.add_event_source(ScheduleEventSource(HOURLY))
        worker.add_event_source(ScheduleEventSource(ONCE, id="Once"))

        assert ["WorkerOnce", "WorkerSchedule"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, SCHEDULE)
        )
        assert 3 == len(resources(stack, "AWS::IAM::Role"))

    def test_fails_if_the_second_does_not_name_itself(self, worker):
        """
        Its time is no name.
        """
        worker.add_event_source(ScheduleEventSource(HOURLY))

        with pytest.raises(ConfigurationError, match="pass a distinct id= to this one"):
            worker.add_event_source(ScheduleEventSource(ONCE))


class TestRanges:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"retry_attempts": 186},
                "retry_attempts must be between 0 and 185, got 186",
            ),
            (
                {"max_event_age": Duration.seconds(59)},
                "max_event_age must be between 60 and 86,400 s, got 59 s",
            ),
            (
                {"flexible_time_window": Duration.minutes(0)},
                "flexible_time_window must be between 1 and 1,440 min, got 0 min",
            ),
            (
                {"flexible_time_window": Duration.minutes(1_441)},
                "flexible_time_window must be between 1 and 1,440 min, got 1,441 min",
            ),
            (
                {"flexible_time_window": Duration.seconds(90)},
                "flexible_time_window must be whole minutes, got 90 s; round it up",
            ),
            (
                {"description": "d" * 513},
                "description must be at most 512 characters, got 513",
            ),
            (
                {"input": "t" * 262_143},
                "input must be between 0 and 262,144 bytes of JSON, got 262,145 bytes "
                "of JSON; put it into a bucket and pass its key",
            ),
            (
                {"start": NEW_YEAR, "end": NEW_YEAR},
                "start must be before end, got 2030-01-01 00:00:00+00:00 and "
                "2030-01-01 00:00:00+00:00; move one of them",
            ),
            (
                {"start": NEW_YEAR.replace(tzinfo=None)},
                "start must have a time zone, got 2030-01-01 00:00:00; "
                "pass tzinfo=UTC to it",
            ),
            (
                {"end": "2030-01-01"},
                "end must be a datetime, got '2030-01-01' (str)",
            ),
            (
                {"schedule": ONCE, "end": NEW_YEAR},
                "end is of no use to a one-off schedule, which ignores it, got "
                "2030-01-01 00:00:00+00:00; leave it out",
            ),
            (
                {"schedule": "rate(1 hour)"},
                "schedule must be at(...), cron(...) or rate(...), got 'rate(1 hour)'; "
                "make it by ScheduleExpression.cron(...) of aws_scheduler",
            ),
            (
                {"schedule": scheduler.ScheduleExpression.expression("hourly")},
                "schedule must be at(...), cron(...) or rate(...), got 'hourly'; "
                "make it by ScheduleExpression.cron(...) of aws_scheduler",
            ),
            ({"enabled": 1}, "enabled must be True or False, got 1 (int)"),
            ({"key": "alias/mine"}, "key must be a KMS key, got 'alias/mine' (str)"),
            (
                {"schedule_group": "nightly"},
                "schedule_group must be a ScheduleGroup, got 'nightly' (str)",
            ),
        ],
    )
    def test_fails_if_scheduler_would_refuse_it(self, options, message):
        """
        With the words of the option.
        """
        assert message == fault(**options)

    def test_fails_if_input_is_no_json(self):
        """
        It is a value, not CDK's wrapper of one.
        """
        given = scheduler.ScheduleTargetInput.from_text("go")

        assert "input must be what JSON can say" in fault(input=given)


class TestRelations:
    def test_fails_if_the_group_is_in_another_region(self):
        """
        A schedule is where its group is.
        """
        app = App()
        there = Stack(app, "There", env=Environment(region="us-east-1"))
        here = Stack(app, "Here", env=Environment(region="eu-west-1"))
        group = scheduler.ScheduleGroup(there, "Group")

        with pytest.raises(ConfigurationError) as error:
            make_function(here).add_event_source(
                ScheduleEventSource(HOURLY, schedule_group=group)
            )

        assert str(error.value) == (
            "Here/Worker: schedule_group There/Group must be in the function's Region "
            "eu-west-1, got us-east-1; use a group of that Region"
        )

    def test_fails_if_the_dead_letter_queue_is_fifo(self, stack, worker):
        """
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html.
        """
        fifo = sqs.Queue(stack, "Fifo", fifo=True)

        with pytest.raises(ConfigurationError, match="must be standard, got FIFO"):
            worker.add_event_source(ScheduleEventSource(HOURLY, dead_letter_queue=fifo))
