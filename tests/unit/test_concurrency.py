"""Concurrency is reserved, provisioned and scaled within what the account has."""

from __future__ import annotations

import pytest
from aws_cdk import App, Environment, Stack, Stage, TimeZone, Token
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from lambda_constructs import (
    ConfigurationError,
    ProvisionedConcurrency,
    ScheduledScaling,
)
from tests.unit.conftest import make_function, only, resources

ALIAS = "AWS::Lambda::Alias"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
CONTEXT = "lambda-constructs:account-concurrency"

MORNING = scaling.Schedule.cron(hour="7", minute="45")


def fault(make) -> str:
    with pytest.raises(ConfigurationError) as error:
        make()
    return str(error.value)


class TestScaling:
    @pytest.fixture(scope="class")
    @classmethod
    def template(cls):
        stack = Stack(App(), "Shop")
        make_function(
            stack,
            provisioned_concurrency=ProvisionedConcurrency(
                min_capacity=2,
                max_capacity=50,
                schedules=[
                    ScheduledScaling(
                        schedule=MORNING,
                        min_capacity=20,
                        time_zone=TimeZone.EUROPE_BERLIN,
                    ),
                    ScheduledScaling(
                        schedule=scaling.Schedule.cron(hour="20", minute="0"),
                        min_capacity=0,
                        max_capacity=5,
                    ),
                ],
            ),
        )
        return Template.from_stack(stack)

    def only(self, template, type: str) -> dict:
        (found,) = template.find_resources(type).values()
        return found

    def test_the_alias_begins_with_the_least(self, template):
        """
        Before anything is measured.
        """
        alias = self.only(template, ALIAS)["Properties"]

        assert {"ProvisionedConcurrentExecutions": 2} == (
            alias["ProvisionedConcurrencyConfig"]
        )

    def test_the_alias_is_the_target(self, template):
        """
        https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html.
        """
        target = self.only(template, TARGET)
        properties = target["Properties"]
        function, _, name = properties["ResourceId"]["Fn::Join"][1]

        assert ("function:", ":live") == (function, name)
        assert (
            "lambda:function:ProvisionedConcurrency"
            == (properties["ScalableDimension"])
        )
        assert (2, 50) == (properties["MinCapacity"], properties["MaxCapacity"])
        assert any(each.startswith("WorkerLive") for each in target["DependsOn"])
        assert "RoleARN" not in properties

    def test_a_share_in_use_is_aimed_at(self, template):
        """
        The rest is for what comes while scaling takes its time.
        """
        policy = self.only(template, POLICY)["Properties"]

        assert "TargetTrackingScaling" == policy["PolicyType"]
        assert {
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
            },
            "TargetValue": 0.7,
        } == policy["TargetTrackingScalingPolicyConfiguration"]

    def test_schedules_change_the_bounds_by_the_clock_of_a_place(self, template):
        """
        Summer time included; UTC where none is named.
        """
        actions = self.only(template, TARGET)["Properties"]["ScheduledActions"]

        assert [
            {
                "ScalableTargetAction": {"MinCapacity": 20},
                "Schedule": "cron(45 7 * * ? *)",
                "ScheduledActionName": "Schedule1",
                "Timezone": "Europe/Berlin",
            },
            {
                "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 5},
                "Schedule": "cron(0 20 * * ? *)",
                "ScheduledActionName": "Schedule2",
            },
        ] == actions


def test_a_fixed_number_is_not_scaled(stack):
    """
    Nothing but the alias is configured.
    """
    make_function(stack, provisioned_concurrency=ProvisionedConcurrency(min_capacity=3))

    alias = only(stack, ALIAS)["ProvisionedConcurrencyConfig"]
    assert {"ProvisionedConcurrentExecutions": 3} == alias
    assert {} == resources(stack, TARGET)


@pytest.mark.parametrize(
    ("options", "type"),
    [
        ({"provisioned_concurrency": ProvisionedConcurrency(min_capacity=3)}, ALIAS),
        (
            {"snap_start": lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS},
            "AWS::Lambda::Version",
        ),
    ],
)
def test_what_begins_before_it_is_invoked_may_do_all_by_then(stack, options, type):
    """
    Code at the top of a module runs while the stack is deployed.
    """
    make_function(stack, **options)

    (found,) = Template.from_stack(stack).find_resources(type).values()
    assert ["WorkerPolicy"] == [each[:-8] for each in found["DependsOn"]]


def test_schedules_alone_track_no_target(stack):
    """
    They are what moves the number.
    """
    only_schedule = ProvisionedConcurrency(
        min_capacity=1,
        schedules=[ScheduledScaling(schedule=MORNING, min_capacity=9, max_capacity=9)],
    )
    make_function(stack, provisioned_concurrency=only_schedule)

    target = only(stack, TARGET)
    assert (1, 1) == (target["MinCapacity"], target["MaxCapacity"])
    assert {} == resources(stack, POLICY)


@pytest.mark.parametrize("bound", ["min_capacity", "max_capacity"])
def test_without_a_target_a_schedule_says_exactly_how_many(stack, bound):
    """
    A least of 9 above a most of 1 would fail in the morning, and nothing else scales
    in.
    """
    nine = ScheduledScaling(schedule=MORNING, **{bound: 9})
    make_function(
        stack,
        provisioned_concurrency=ProvisionedConcurrency(
            min_capacity=1, schedules=[nine]
        ),
    )

    (action,) = only(stack, TARGET)["ScheduledActions"]
    assert {"MinCapacity": 9, "MaxCapacity": 9} == action["ScalableTargetAction"]


def test_a_schedule_may_rely_on_what_another_has_raised():
    """
    The most of the one, the least of the other.
    """
    raised = ScheduledScaling(schedule=MORNING, max_capacity=90)
    used = ScheduledScaling(schedule=MORNING, min_capacity=60)

    assert provisioned(max_capacity=50, schedules=[raised, used]).schedules


def rush(**bounds) -> ScheduledScaling:
    return ScheduledScaling(schedule=MORNING, **bounds)


def provisioned(**options) -> ProvisionedConcurrency:
    return ProvisionedConcurrency(**{"min_capacity": 1, **options})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: provisioned(min_capacity=0), "min_capacity must be at least 1, got 0"),
        (lambda: provisioned(min_capacity=None), "min_capacity must be given"),
        (lambda: provisioned(min_capacity=2.5), "min_capacity must be a whole number"),
        (
            lambda: provisioned(min_capacity=5, max_capacity=4),
            "min_capacity must not be above max_capacity, got 5 above 4",
        ),
        (
            lambda: provisioned(utilization_target=0.95),
            "utilization_target must be between 0.1 and 0.9, got 0.95",
        ),
        (lambda: provisioned(schedules=["dawn"]), "schedules must be a list of Sched"),
        (lambda: provisioned(schedules=None), "schedules must not be None; leave it"),
        (
            lambda: provisioned(utilization_target=None),
            "utilization_target must not be None",
        ),
        (
            lambda: provisioned(utilization_target=float("nan")),
            "utilization_target must be a number, got nan",
        ),
        (
            lambda: provisioned(max_capacity=5, schedules=[rush(min_capacity=6)]),
            "min_capacity of a schedule must not be above max_capacity of 5, got 6; "
            "pass max_capacity=",
        ),
        (
            lambda: provisioned(
                min_capacity=3, max_capacity=5, schedules=[rush(max_capacity=2)]
            ),
            "max_capacity of a schedule must not be below min_capacity of 3, got 2",
        ),
        (
            lambda: ScheduledScaling(schedule="rate(1 day)", min_capacity=1),
            "schedule must be one of aws_applicationautoscaling",
        ),
        (
            lambda: ScheduledScaling(
                schedule=scaling.Schedule.expression("every morning"), min_capacity=1
            ),
            "schedule must be at(...), cron(...) or rate(...), got 'every morning'; "
            "make it by Schedule.cron(...)",
        ),
        (
            lambda: ScheduledScaling(schedule=MORNING),
            "a schedule must change min_capacity or max_capacity, got neither",
        ),
        (
            lambda: ScheduledScaling(schedule=MORNING, min_capacity=1, time_zone="CET"),
            "time_zone must be a TimeZone of aws_cdk",
        ),
    ],
)
def test_fails_if_a_value_is_out_of_range(make, message):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
    """
    assert message in fault(make)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"snap_start": lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS}, "snap_start"),
        ({"tenancy_config": lambda_.TenancyConfig.PER_TENANT}, "tenancy_config"),
        (
            {
                "current_version_options": lambda_.VersionOptions(
                    provisioned_concurrent_executions=1
                )
            },
            "provisioned_concurrent_executions of current_version_options",
        ),
    ],
)
def test_fails_with_what_excludes_it(stack, options, what):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html,
    https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html.
    """
    assert (
        f"Shop/Worker: provisioned_concurrency does not work with {what}; leave one of "
        "them out"
    ) == fault(
        lambda: make_function(stack, provisioned_concurrency=provisioned(), **options)
    )


def test_fails_if_tenants_have_a_provisioned_version(stack):
    """
    The option of the version is excluded likewise.
    """
    assert "tenancy_config does not work with provisioned_concurrent" in fault(
        lambda: make_function(
            stack,
            tenancy_config=lambda_.TenancyConfig.PER_TENANT,
            current_version_options=lambda_.VersionOptions(
                provisioned_concurrent_executions=1
            ),
        )
    )


def test_fails_if_more_is_provisioned_than_reserved(stack):
    """
    At any time, by any schedule.
    """
    much = provisioned(schedules=[ScheduledScaling(schedule=MORNING, min_capacity=11)])

    assert (
        "Shop/Worker: provisioned_concurrency must not be above "
        "reserved_concurrent_executions of 10, got 11; raise the latter or lower the "
        "former"
    ) == fault(
        lambda: make_function(
            stack, reserved_concurrent_executions=10, provisioned_concurrency=much
        )
    )


class TestAccount:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html."""

    def test_900_may_be_reserved_of_the_default_quota(self, stack):
        """
        100 are kept for all functions.
        """
        make_function(stack, "One", reserved_concurrent_executions=500)
        make_function(stack, "Two", reserved_concurrent_executions=400)

        assert 2 == len(resources(stack, ALIAS))

    def test_fails_if_the_app_claims_more(self):
        """
        Over its stacks, with what the message says how to find out.
        """
        app = App()
        make_function(Stack(app, "One"), reserved_concurrent_executions=500)

        assert (
            "Two/Worker: reserved and provisioned concurrency of the account's "
            "functions together must be at most 900: its 1,000 but 100 that are for "
            "all; got 901 with the 401 of this one; lower it, or say what the "
            "account's quota is by the context 'lambda-constructs:account-concurrency',"
            " after `aws lambda get-account-settings`"
        ) == fault(
            lambda: make_function(Stack(app, "Two"), reserved_concurrent_executions=401)
        )

    def test_the_quota_can_be_told(self):
        """
        As a number, or as text by the CLI's --context.
        """
        for quota in (3_000, "3000"):
            stack = Stack(App(context={CONTEXT: quota}), "Shop")
            make_function(stack, reserved_concurrent_executions=2_900)

            assert "at most 2,900" in fault(
                lambda stack=stack: make_function(
                    stack, "Other", reserved_concurrent_executions=1
                )
            )

    def test_a_small_account_has_nothing_to_reserve(self):
        """
        New accounts have 10.
        """
        stack = Stack(App(context={CONTEXT: 10}), "Shop")

        assert "must be at most 0: its 10 but 100" in fault(
            lambda: make_function(stack, reserved_concurrent_executions=1)
        )

    def test_the_off_switch_claims_nothing(self):
        """
        Even where nothing can be reserved.
        """
        stack = Stack(App(context={CONTEXT: 10}), "Shop")

        make_function(stack, reserved_concurrent_executions=0)

        assert 0 == only(stack, "AWS::Lambda::Function")["ReservedConcurrentExecutions"]

    def test_provisioned_counts_once(self, stack):
        """
        By itself, or as a part of what is reserved.
        """
        make_function(
            stack,
            "One",
            reserved_concurrent_executions=800,
            provisioned_concurrency=provisioned(min_capacity=800),
        )

        assert "got 901 with the 101 of this one" in fault(
            lambda: make_function(
                stack, "Two", provisioned_concurrency=provisioned(max_capacity=101)
            )
        )

    def test_accounts_regions_and_open_stages_have_their_own(self):
        """
        A quota is of one Region of one account.
        """
        app = App()
        here = Environment(account="111122223333", region="eu-west-1")
        there = Environment(account="111122223333", region="eu-central-1")
        stages = [Stage(app, name) for name in ("Test", "Live")]
        for scope, env in (
            (app, here),
            (app, there),
            (stages[0], None),
            (stages[1], None),
        ):
            stack = Stack(scope, f"Shop{env.region if env else ''}", env=env)
            make_function(stack, reserved_concurrent_executions=900)

        second = Stack(app, "Second", env=here)
        assert "got 901" in fault(
            lambda: make_function(second, reserved_concurrent_executions=1)
        )

    def test_a_token_claims_nothing_that_is_known(self, stack):
        """
        CloudFormation will know.
        """
        make_function(stack, "One", reserved_concurrent_executions=900)
        token = Token.as_number({"Ref": "Number"})
        make_function(stack, "Two", reserved_concurrent_executions=token)

        assert 2 == len(resources(stack, ALIAS))

    @pytest.mark.parametrize("quota", ["much", -5, 10.5, True])
    def test_fails_if_the_quota_is_no_number(self, quota):
        """
        The message says where it is found.
        """
        stack = Stack(App(context={CONTEXT: quota}), "Shop")

        assert "must be a whole number" in fault(
            lambda: make_function(stack, reserved_concurrent_executions=1)
        )
