"""A log group that invokes: what it sends, who may, and what would loop."""

from __future__ import annotations

import re

import pytest
from aws_cdk import App, Environment, Stack, Stage, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_logs_destinations as destinations
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import LogsEventSource
from tests.unit.conftest import make_function, only, resources, statements

ERRORS = logs.FilterPattern.any_term("ERROR", "CRITICAL")
FILTER = "AWS::Logs::SubscriptionFilter"
PERMISSION = "AWS::Lambda::Permission"


@pytest.fixture
def group(stack) -> logs.LogGroup:
    return logs.LogGroup(stack, "Application")


def in_region(app: App, id: str, region: str, account: str = "1" * 12) -> Stack:
    return Stack(app, id, env=Environment(account=account, region=region))


def watch(worker, group, pattern: logs.IFilterPattern | str = "") -> None:
    worker.add_event_source(LogsEventSource(group, filter_pattern=pattern))


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        watch(make_function(stack), logs.LogGroup(stack, "Application"), ERRORS)
        return stack

    def test_filter_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        subscription = only(stack, FILTER)

        assert "WorkerLive" in subscription["DestinationArn"]["Ref"]
        assert "Application" in subscription["LogGroupName"]["Ref"]
        assert '?"ERROR" ?"CRITICAL"' == subscription["FilterPattern"]

    def test_nothing_else_is_said(self, stack):
        """
        Its name is CloudFormation's.
        """
        assert {"DestinationArn", "FilterPattern", "LogGroupName"} == set(
            only(stack, FILTER)
        )

    def test_the_group_alone_may_invoke(self, stack):
        """
        For this account; CDK leaves that out. The group's ARN ends in `:*`.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
        """
        permission = only(stack, PERMISSION)
        (group,) = [
            logical_id
            for logical_id in resources(stack, "AWS::Logs::LogGroup")
            if logical_id.startswith("Application")
        ]

        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert "lambda:InvokeFunction" == permission["Action"]
        assert "logs.amazonaws.com" == permission["Principal"]
        assert {"Fn::GetAtt": [group, "Arn"]} == permission["SourceArn"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]

    def test_filter_waits_for_the_permission(self, stack):
        """
        CloudWatch Logs tries it when it creates the filter.
        """
        (subscription,) = resources(stack, FILTER).values()

        assert ["WorkerLogsApplicationPermission"] == [
            name[:-8] for name in subscription["DependsOn"]
        ]

    def test_the_function_may_do_nothing_with_the_group(self, stack):
        """
        It is invoked, and reads nothing.
        """
        assert "Application" not in str(statements(stack))

    def test_batches_that_fail_are_kept(self, stack):
        """
        An alarm goes on that queue.
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
    def test_every_option_reaches_the_template(self, stack, worker, group):
        """
        By AWS's own names.
        """
        worker.add_event_source(
            LogsEventSource(
                group,
                filter_pattern='{ $.level = "ERROR" }',
                apply_on_transformed_logs=True,
                emit_system_fields=["@aws.account", "@aws.region", "@source.log"],
                field_selection_criteria='@aws.region = "eu-west-1"',
            )
        )

        subscription = only(stack, FILTER)
        assert '{ $.level = "ERROR" }' == subscription["FilterPattern"]
        assert subscription["ApplyOnTransformedLogs"] is True
        assert ["@aws.account", "@aws.region", "@source.log"] == (
            subscription["EmitSystemFields"]
        )
        assert '@aws.region = "eu-west-1"' == subscription["FieldSelectionCriteria"]

    def test_every_line_has_to_be_asked_for(self, stack, worker, group):
        """
        They cost an invocation each, at worst.
        """
        watch(worker, group, logs.FilterPattern.all_events())

        assert "" == only(stack, FILTER)["FilterPattern"]

    def test_tokens_pass(self, stack, worker, group):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Pattern"})

        worker.add_event_source(
            LogsEventSource(group, filter_pattern=token, emit_system_fields=[token])
        )

        assert {"Ref": "Pattern"} == only(stack, FILTER)["FilterPattern"]

    def test_bind_gives_the_filter(self, worker, group):
        """
        There is no getter that throws before it is bound.
        """
        source = LogsEventSource(group, filter_pattern="x")

        assert "x" == worker.add_event_source(source).filter_pattern

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"filter_pattern": "x" * 1_025},
                "filter_pattern must be at most 1,024 characters, got 1,025; match "
                "more, and choose in the handler",
            ),
            (
                {"filter_pattern": 1},
                "filter_pattern must be a pattern, got 1; make it by "
                "logs.FilterPattern",
            ),
            (
                {"field_selection_criteria": "x" * 2_001},
                "field_selection_criteria must be at most 2,000 characters, got "
                "2,001; select more, and choose in the handler",
            ),
            (
                {"field_selection_criteria": 1},
                "field_selection_criteria must be text, got 1 (int)",
            ),
            (
                {"emit_system_fields": ["@aws.acount"]},
                "emit_system_fields must be of @aws.account, @aws.region, "
                "@source.log, got '@aws.acount'; did you mean @aws.account or "
                "@aws.region?",
            ),
            (
                {"emit_system_fields": "@aws.account"},
                "emit_system_fields must be a list of names, got '@aws.account' (str)",
            ),
            (
                {"apply_on_transformed_logs": "yes"},
                "apply_on_transformed_logs must be True or False, got 'yes' (str)",
            ),
        ],
    )
    def test_fails_if_a_value_cannot_be(self, group, options, message):
        """
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
        """
        with pytest.raises(ConfigurationError) as error:
            LogsEventSource(group, **{"filter_pattern": "", **options})

        assert message == str(error.value)

    def test_fails_if_it_is_no_group(self):
        """
        In the user's words.
        """
        with pytest.raises(ConfigurationError) as error:
            LogsEventSource("/shop", filter_pattern="")

        assert (
            "log_group must be a log group, got '/shop'; pass the group itself"
        ) == str(error.value)


class TestLoop:
    LOOP = "must not be the one that the function logs to"

    def test_fails_if_a_function_watches_its_own_group(self, worker):
        """
        CDK says nothing, and Lambda does not detect it.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-recursion-prevention.html
        """
        with pytest.raises(ConfigurationError) as error:
            watch(worker, worker.log_group, ERRORS)

        assert (
            "Shop/Worker: log_group must not be the one that the function logs to, got "
            "Shop/Worker/Logs, which would loop without end; give the function a log "
            "group of its own, or watch another"
        ) == str(error.value)

    def test_fails_if_it_logs_to_a_group_that_functions_share(self, stack, group):
        """
        Its own lines are among theirs.
        """
        make_function(stack, "Other", log_group=group)
        worker = make_function(stack, log_group=group)

        with pytest.raises(ConfigurationError, match=self.LOOP):
            watch(worker, group)

    def test_fails_if_it_is_its_own_by_an_imported_name(self, stack, worker):
        """
        A reference to a name is that name.
        """
        name = worker.log_group.log_group_name
        group = logs.LogGroup.from_log_group_name(stack, "Imported", name)

        with pytest.raises(ConfigurationError, match=self.LOOP):
            watch(worker, group)

    @pytest.mark.parametrize("by_arn", [True, False])
    def test_fails_if_it_is_its_own_by_a_literal_name(self, stack, by_arn):
        """
        Whether by name or by ARN.
        """
        own = logs.LogGroup(stack, "Own", log_group_name="/shop")
        arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/shop:*"
        group = (
            logs.LogGroup.from_log_group_arn(stack, "Imported", arn)
            if by_arn
            else logs.LogGroup.from_log_group_name(stack, "Imported", "/shop")
        )

        with pytest.raises(ConfigurationError, match=self.LOOP):
            watch(make_function(stack, log_group=own), group)

    def test_logs_of_another_function_are_none(self, stack, worker):
        """
        That is what the source is for.
        """
        watch(worker, make_function(stack, "Other").log_group)

        assert "OtherLogs" in only(stack, FILTER)["LogGroupName"]["Ref"]

    def test_group_of_the_same_id_in_another_stack_is_another(self):
        """
        A logical id means something in its own stack only.
        """
        app = App()
        there, here = Stack(app, "There"), Stack(app, "Shop")

        watch(make_function(here), make_function(there).log_group)

        app.synth()
        assert 1 == len(resources(here, FILTER))


class TestPlaces:
    @pytest.mark.parametrize(
        ("arn", "what"),
        [
            (
                "arn:aws:logs:us-east-1:111111111111:log-group:/shop",
                "Region eu-west-1, got us-east-1",
            ),
            (
                "arn:aws:logs:eu-west-1:222222222222:log-group:/shop",
                "account 111111111111, got 222222222222",
            ),
        ],
    )
    def test_fails_if_the_group_is_elsewhere(self, arn, what):
        """
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
        """
        stack = in_region(App(), "Shop", "eu-west-1")
        group = logs.LogGroup.from_log_group_arn(stack, "Group", arn)

        with pytest.raises(ConfigurationError) as error:
            watch(make_function(stack), group)

        assert (
            f"Shop/Worker: Shop/Group must be in the function's {what}; CloudWatch "
            "Logs invokes functions beside it only, so define both in one"
        ) == str(error.value)

    def test_an_imported_group_s_permission_covers_its_streams(self, stack, worker):
        """
        The source that CloudWatch Logs names ends in `:*`.
        """
        arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/shop"

        watch(worker, logs.LogGroup.from_log_group_arn(stack, "Group", arn))

        assert f"{arn}:*" == only(stack, PERMISSION)["SourceArn"]

    def test_group_of_another_stack_makes_no_cycle(self):
        """
        The filter is in the function's stack.
        """
        app = App()
        there, shop = Stack(app, "There"), Stack(app, "Shop")

        watch(make_function(shop), logs.LogGroup(there, "Application"))

        app.synth()
        assert 1 == len(resources(shop, FILTER))
        assert {} == resources(there, FILTER)


class TestRelations:
    def test_two_groups_live_on_one_function(self, stack, worker, group):
        """
        Their ids differ.
        """
        for each in (group, logs.LogGroup(stack, "Access")):
            watch(worker, each)

        assert ["WorkerLogsAccess", "WorkerLogsApplication"] == sorted(
            logical_id[:-8] for logical_id in resources(stack, FILTER)
        )
        assert 2 == len(resources(stack, PERMISSION))

    def test_fails_if_a_group_is_bound_twice(self, stack, worker, group):
        """
        Under whatever name.
        """
        watch(worker, group)
        again = logs.LogGroup.from_log_group_name(stack, "Again", group.log_group_name)

        for each in (group, again):
            with pytest.raises(ConfigurationError, match="is an event source already"):
                watch(worker, each)

    def test_two_filters_of_a_group_need_no_quota_increase(self, stack, group):
        """
        Whoever makes them.
        """
        group.add_subscription_filter(
            "Other",
            destination=destinations.LambdaDestination(
                make_function(stack, "Other").live
            ),
            filter_pattern=logs.FilterPattern.all_events(),
        )
        watch(make_function(stack, "Second"), group)
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_fails_at_the_sixth_filter_of_a_group(self, stack, group):
        """
        Those of other groups do not count.
        """
        for number in range(1, 6):
            worker = make_function(stack, f"Worker{number}")
            watch(worker, group)
            watch(worker, logs.LogGroup(stack, f"Group{number}"))

        watch(make_function(stack), group)

        message = re.escape(
            "Shop/Worker: Shop/Application must have at most 5 subscription filters, "
            "got 6; let one function distribute its lines, by a topic for example"
        )
        with pytest.raises(RuntimeError, match=message):
            stack.node.root.synth()

    def test_counts_in_a_stage_of_the_app(self):
        """
        A stage is written before the app that it is in is looked at.
        """
        app = App()
        shop = Stack(Stage(app, "Prod"), "Shop")
        group = logs.LogGroup(shop, "Application")
        for number in range(1, 7):
            watch(make_function(shop, f"Worker{number}"), group)

        message = "Prod/Shop/Worker6: Prod/Shop/Application must have at most 5"
        with pytest.raises(RuntimeError, match=message):
            app.synth()

    def test_warns_of_filters_that_need_a_quota_increase(self, stack, group):
        """
        The last of the functions is told, and how many there are.
        """
        for number in range(1, 5):
            watch(make_function(stack, f"Worker{number}"), group)

        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker4",
            Match.string_like_regexp(
                rf"^4 subscription .* \[ack: {Practice.LOGS_FILTER_QUOTA.value}\]"
            ),
        )

    def test_groups_of_one_name_in_two_regions_are_two(self):
        """
        Each has filters of its own.
        """
        app = App()
        for region in ("eu-west-1", "us-east-1"):
            stack = in_region(app, region, region)
            group = logs.LogGroup.from_log_group_name(stack, "Group", "/shop")
            for number in range(2):
                watch(make_function(stack, f"Worker{number}"), group)

            Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_fails_if_the_function_has_tenants(self, stack, group):
        """
        A line of a log names none.
        """
        worker = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="takes no events"):
            watch(worker, group)
