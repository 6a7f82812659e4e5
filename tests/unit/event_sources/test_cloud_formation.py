"""A custom resource: whom it asks, when, and how long CloudFormation waits."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import AsyncInvoke, ConfigurationError, Practice
from lambda_constructs.event_sources import CloudFormationEventSource
from tests.unit.conftest import make_function, only, resources

ROWS = "Custom::Rows"


def warned(stack, practice: Practice) -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"ack: {practice.value}\\]")
    )


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(CloudFormationEventSource(ROWS))
        return stack

    def test_it_asks_the_live_alias(self, stack):
        """
        The alias's ARN stays the same when the function changes.
        """
        assert "WorkerLive" in only(stack, ROWS)["ServiceToken"]["Ref"]

    def test_it_waits_as_long_as_lambda_may_take(self, stack):
        """
        Three attempts of 10 s, pauses of one and two minutes, and a minute.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        assert 3 * 10 + 60 + 120 + 60 == int(only(stack, ROWS)["ServiceTimeout"])

    def test_it_comes_after_the_permissions_and_goes_before_them(self, stack):
        """
        CloudFormation deletes in the reverse order.
        """
        (rows,) = resources(stack, ROWS).values()

        assert ["WorkerPolicy"] == [name[:-8] for name in rows["DependsOn"]]

    def test_it_goes_with_its_stack(self, stack):
        """
        The function is asked to delete it.
        """
        (rows,) = resources(stack, ROWS).values()

        assert "Delete" == rows["DeletionPolicy"]

    def test_failed_events_are_kept_and_no_permission_is_made(self, stack):
        """
        CloudFormation invokes asynchronously, with the deployer's credentials.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::EventInvokeConfig"))
        assert {} == resources(stack, "AWS::Lambda::Permission")

    def test_there_is_no_provider_framework(self, stack):
        """
        What is deployed is what was asked for.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker):
        """
        By AWS's own names; properties as they are.
        """
        worker.add_event_source(
            CloudFormationEventSource(
                "Custom::My_Rows@1-0",
                id="Rows",
                properties={"Count": 3, "names": ["a"]},
                removal_policy=RemovalPolicy.RETAIN,
                service_timeout=Duration.hours(1),
            )
        )

        ((logical_id, rows),) = resources(stack, "Custom::My_Rows@1-0").items()
        assert "WorkerRows" == logical_id[:-8]
        assert "Retain" == rows["DeletionPolicy"]
        properties = rows["Properties"]
        del properties["ServiceToken"]
        assert {"ServiceTimeout": "3600", "Count": 3, "names": ["a"]} == properties

    def test_what_it_gives_is_at_hand(self, stack, worker):
        """
        `Ref` and `GetAtt` of the answer.
        """
        rows = worker.add_event_source(CloudFormationEventSource(ROWS))

        assert "Fn::GetAtt" in stack.resolve(rows.get_att("Count"))

    def test_two_live_on_one_function(self, stack, worker):
        """
        The second names itself.
        """
        worker.add_event_source(CloudFormationEventSource(ROWS))
        worker.add_event_source(CloudFormationEventSource(ROWS, id="More"))

        assert 2 == len(resources(stack, ROWS))

    def test_tokens_pass(self, stack, worker):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_number({"Ref": "Seconds"})

        worker.add_event_source(
            CloudFormationEventSource(ROWS, service_timeout=Duration.seconds(token))
        )

        assert {"Ref": "Seconds"} == only(stack, ROWS)["ServiceTimeout"]

    def test_it_waits_no_longer_than_an_hour(self, stack):
        """
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
        """
        worker = make_function(stack, timeout=Duration.minutes(15))

        worker.add_event_source(CloudFormationEventSource(ROWS))

        assert 45 * 60 + 240 == int(only(stack, ROWS)["ServiceTimeout"])


class TestWarnings:
    def test_warns_if_an_attempt_may_outlive_the_service_timeout(self, stack, worker):
        """
        The stack is rolled back while the function goes on.
        """
        worker.add_event_source(
            CloudFormationEventSource(ROWS, service_timeout=Duration.seconds(209))
        )

        warned(stack, Practice.CUSTOM_RESOURCE_TIMEOUT)

    @pytest.mark.parametrize(("retries", "seconds"), [(2, 210), (1, 80), (0, 10)])
    def test_does_not_warn_if_all_attempts_fit(self, stack, retries, seconds):
        """
        Fewer retries need less time.
        """
        worker = make_function(stack, async_invoke=AsyncInvoke(retry_attempts=retries))

        worker.add_event_source(
            CloudFormationEventSource(ROWS, service_timeout=Duration.seconds(seconds))
        )

        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_warns_if_the_function_in_a_vpc_may_have_no_way_to_s3(self, stack):
        """
        Where the answer goes.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
        """
        vpc = ec2.Vpc(stack, "Net", max_azs=1)
        worker = make_function(
            stack,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(
                subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
            ),
            allow_all_outbound=False,
        )

        worker.add_event_source(CloudFormationEventSource(ROWS))

        warned(stack, Practice.CUSTOM_RESOURCE_VPC)


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"resource_type": "Rows"},
                "resource_type must be 'Custom::' and letters, digits, '_', '@' and "
                "'-', 60 characters at most, got 'Rows'; name what it is, as in "
                "'Custom::Rows'",
            ),
            (
                {"service_timeout": Duration.seconds(0)},
                "service_timeout must be between 1 and 3,600 s, got 0 s",
            ),
            (
                {"service_timeout": Duration.seconds(3_601)},
                "service_timeout must be between 1 and 3,600 s, got 3,601 s",
            ),
            (
                {"service_timeout": 60},
                "service_timeout must be a Duration, as Duration.seconds(30), got 60 "
                "(int)",
            ),
            ({"properties": [1]}, "properties must be a dictionary, got [1] (list)"),
            (
                {"removal_policy": "retain"},
                "removal_policy must be a RemovalPolicy, got 'retain' (str)",
            ),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, options, message):
        """
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
        """
        with pytest.raises(ConfigurationError) as error:
            CloudFormationEventSource(**{"resource_type": ROWS, **options})

        assert message == str(error.value)

    @pytest.mark.parametrize(
        "type", ["Custom::", "Custom::a.b", "Custom::" + "x" * 53, "AWS::S3::Bucket"]
    )
    def test_fails_if_the_type_is_not_one_of_a_custom_resource(self, type):
        """
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
        """
        with pytest.raises(ConfigurationError, match="60 characters at most"):
            CloudFormationEventSource(type)

    def test_fails_if_a_second_one_has_the_same_id(self, worker):
        """
        It has to name itself.
        """
        worker.add_event_source(CloudFormationEventSource(ROWS))

        with pytest.raises(ConfigurationError, match="pass a distinct id= to this one"):
            worker.add_event_source(CloudFormationEventSource(ROWS))
