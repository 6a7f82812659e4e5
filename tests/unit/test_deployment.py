"""A new version takes over as it was told, and goes back on what is bound."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from lambda_constructs import (
    AsyncInvoke,
    ConfigurationError,
    Deployment,
    Practice,
    ProvisionedConcurrency,
)
from lambda_constructs.event_sources import (
    AlbEventSource,
    DynamoDbEventSource,
    FunctionUrlEventSource,
    HttpApiEventSource,
    KinesisEventSource,
    RestApiEventSource,
    S3NotificationEventSource,
    SqsEventSource,
    WebSocketApiEventSource,
)
from lambda_constructs.testing._template import dependencies
from tests.unit.conftest import (
    is_warned,
    make_function,
    only,
    resources,
    statements,
)

ALARM = "AWS::CloudWatch::Alarm"
ALIAS = "AWS::Lambda::Alias"
GROUP = "AWS::CodeDeploy::DeploymentGroup"
LATEST = lambda_.StartingPosition.LATEST


def fault(make) -> str:
    with pytest.raises(ConfigurationError) as error:
        make()
    return str(error.value)


def own_alarm(stack: Stack) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        stack,
        "Own",
        metric=cloudwatch.Metric(namespace="Shop", metric_name="Lost"),
        threshold=1,
        evaluation_periods=1,
    )


def alias_of(template: Template, name: str = "Worker") -> dict:
    (found,) = [
        each
        for logical_id, each in template.find_resources(ALIAS).items()
        if logical_id.startswith(name)
    ]
    return found


def without_cycles(template: Template) -> bool:
    """Whether CloudFormation finds an order, update policies included."""
    waiting = {
        name: dependencies(resource)
        | dependencies({"Properties": resource.get("UpdatePolicy", {})})
        for name, resource in template.to_json()["Resources"].items()
    }
    while waiting:
        ready = {name for name, on in waiting.items() if not on & waiting.keys()}
        if not ready:
            return False
        waiting = {name: on for name, on in waiting.items() if name not in ready}
    return True


def canary(**options) -> Deployment:
    return Deployment.canary(**options)


class TestCanary:
    @pytest.fixture(scope="class")
    @classmethod
    def built(cls):
        stack = Stack(App(), "Shop")
        before, after = make_function(stack, "Before"), make_function(stack, "After")
        worker = make_function(
            stack, deployment=canary(before_traffic=before, after_traffic=after)
        )
        return worker, stack, Template.from_stack(stack)

    def test_codedeploy_updates_the_alias(self, built):
        """
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html.
        """
        _, _, template = built
        update = alias_of(template)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]

        assert "WorkerDeploymentApplication" in str(update["ApplicationName"])
        assert "WorkerDeploymentGroup" in str(update["DeploymentGroupName"])
        assert "BeforeFunction" in str(update["BeforeAllowTrafficHook"])
        assert "AfterFunction" in str(update["AfterAllowTrafficHook"])

    def test_ten_percent_for_five_minutes_is_what_aws_has_ready(self, built):
        """
        https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html.
        """
        _, stack, _ = built
        group = only(stack, GROUP)

        assert (
            "CodeDeployDefault.LambdaCanary10Percent5Minutes"
            == (group["DeploymentConfigName"])
        )
        assert {} == resources(stack, "AWS::CodeDeploy::DeploymentConfig")

    def test_a_failure_an_alarm_and_a_stop_go_back(self, built):
        """
        By CodeDeploy, and then the stack by CloudFormation.
        """
        _, stack, _ = built
        rollback = only(stack, GROUP)["AutoRollbackConfiguration"]

        assert rollback["Enabled"] is True
        assert {
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
            "DEPLOYMENT_STOP_ON_REQUEST",
        } == set(rollback["Events"])

    def test_the_alias_waits_for_all_that_a_release_needs(self, built):
        """
        Permissions of CodeDeploy and of the hooks; by these the group and the hooks.
        """
        _, _, template = built
        waits = list(alias_of(template)["DependsOn"])
        every = template.to_json()["Resources"]
        for each in waits:
            waits += every[each].get("DependsOn", [])
        names = {each[:-8] for each in waits}

        assert {
            "AfterFunction",
            "AfterHookPolicy",
            "BeforeFunction",
            "BeforeHookPolicy",
            "WorkerDeploymentGroup",
            "WorkerDeploymentPolicy",
            "WorkerPolicy",
        } <= names
        assert without_cycles(template)

    def test_it_does_not_wait_for_what_waits_for_it(self, stack):
        """
        The function reads the bucket, the bucket notifies the alias.
        """
        bucket = s3.Bucket(stack, "Bucket", bucket_name="of-the-shop")
        worker = make_function(stack, deployment=canary())
        worker.add_event_source(S3NotificationEventSource(bucket))
        worker.allow("s3:GetObject", on=bucket)

        template = Template.from_stack(stack)
        assert without_cycles(template)
        assert "WorkerPolicy" not in {
            each[:-8] for each in alias_of(template)["DependsOn"]
        }

    def test_codedeploy_may_act_on_this_function_its_hooks_and_alarms(self, built):
        """
        Where AWSCodeDeployRoleForLambda may act on everything.
        """
        _, stack, _ = built
        allowed = {
            tuple(
                [each["Action"]]
                if isinstance(each["Action"], str)
                else sorted(each["Action"])
            ): str(each["Resource"])
            for each in statements(stack, "WorkerDeploymentPolicy")
            if each["Action"] != "lambda:InvokeFunction"
        }
        invoked = [
            each["Resource"]["Fn::GetAtt"][0][:-8]
            for each in statements(stack, "WorkerDeploymentPolicy")
            if each["Action"] == "lambda:InvokeFunction"
        ]

        assert {
            ("cloudwatch:DescribeAlarms",),
            ("lambda:GetAlias", "lambda:UpdateAlias"),
            ("lambda:GetProvisionedConcurrencyConfig",),
        } == allowed.keys()
        assert all("Worker" in each for each in allowed.values())
        assert "'*'" not in str(allowed)
        assert ["AfterFunction", "BeforeFunction"] == sorted(invoked)

    def test_codedeploy_assumes_the_role_for_this_application_alone(self, built):
        """
        https://docs.aws.amazon.com/codedeploy/latest/userguide/security_confused_deputy.html.
        """
        _, _, template = built
        (role,) = [
            each["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
            for name, each in template.find_resources("AWS::IAM::Role").items()
            if name.startswith("WorkerDeploymentRole")
        ]

        assert "codedeploy.amazonaws.com" == role["Principal"]["Service"]
        condition = role["Condition"]
        assert {"aws:SourceAccount": {"Ref": "AWS::AccountId"}} == (
            condition["StringEquals"]
        )
        parts = condition["ArnLike"]["aws:SourceArn"]["Fn::Join"][1]
        assert ":deploymentgroup:" == parts[-3]
        assert "WorkerDeploymentApplication" in parts[-2]["Ref"]
        assert "/*" == parts[-1]

    @pytest.mark.parametrize("hook", ["Before", "After"])
    def test_a_hook_may_try_the_versions_and_tell_this_group_alone(self, built, hook):
        """
        And is told which version is new.
        """
        _, stack, template = built
        tell, invoke = statements(stack, f"{hook}HookPolicy")

        assert "codedeploy:PutLifecycleEventHookExecutionStatus" == tell["Action"]
        assert "WorkerDeploymentGroup" in str(tell["Resource"])
        assert "*" not in str(tell["Resource"])
        assert "lambda:InvokeFunction" == invoke["Action"]
        function, anything = invoke["Resource"]["Fn::Join"][1]
        assert "WorkerFunction" in function["Fn::GetAtt"][0]
        assert ":*" == anything
        (made,) = [
            each["Properties"]
            for name, each in template.find_resources("AWS::Lambda::Function").items()
            if name.startswith(f"{hook}Function")
        ]
        version = made["Environment"]["Variables"]["NEW_VERSION"]["Ref"]
        assert version.startswith("WorkerFunctionCurrentVersion")

    def test_errors_are_those_of_the_new_version(self, built):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html.
        """
        _, stack, template = built
        (alarm,) = [
            each["Properties"]
            for name, each in resources(stack, ALARM).items()
            if name.startswith("WorkerDeploymentErrors")
        ]
        version = alias_of(template)["Properties"]["FunctionVersion"]

        assert ["FunctionName", "Resource", "ExecutedVersion"] == [
            each["Name"] for each in alarm["Dimensions"]
        ]
        assert version == alarm["Dimensions"][2]["Value"]
        assert 0 == alarm["Threshold"]
        assert "Sum" == alarm["Statistic"]
        assert "notBreaching" == alarm["TreatMissingData"]

    def test_a_function_without_sources_has_errors_and_throttles_to_watch(self, built):
        """
        What is not bound cannot go wrong.
        """
        worker, stack, _ = built

        assert {"Errors", "Throttles"} == {
            each.node.id for each in worker.release.alarms
        }
        watched = only(stack, GROUP)["AlarmConfiguration"]
        assert watched["Enabled"] is True
        assert 2 == len(watched["Alarms"])


class TestWhatIsBound:
    @pytest.fixture(scope="class")
    @classmethod
    def built(cls):
        stack = Stack(App(), "Shop")
        worker = make_function(
            stack,
            async_invoke=AsyncInvoke(),
            deployment=canary(max_errors=3, max_latency=Duration.millis(800)),
        )
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))
        letters = sqs.Queue(stack, "Letters")
        own = sqs.Queue(
            stack,
            "Other",
            dead_letter_queue=sqs.DeadLetterQueue(queue=letters, max_receive_count=5),
        )
        worker.add_event_source(SqsEventSource(own))
        table = dynamodb.TableV2(
            stack,
            "Table",
            partition_key=dynamodb.Attribute(
                name="id", type=dynamodb.AttributeType.STRING
            ),
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
        )
        worker.add_event_source(DynamoDbEventSource(table, starting_position=LATEST))
        stream = kinesis.Stream(stack, "Stream")
        worker.add_event_source(KinesisEventSource(stream, starting_position=LATEST))
        worker.add_event_source(FunctionUrlEventSource())
        rest = apigateway.RestApi(stack, "Rest")
        worker.add_event_source(RestApiEventSource(rest, routes=["GET /a"]))
        http = apigatewayv2.HttpApi(stack, "Http")
        worker.add_event_source(HttpApiEventSource(http, routes=["GET /a"]))
        socket = apigatewayv2.WebSocketApi(stack, "Socket")
        worker.add_event_source(WebSocketApiEventSource(socket, routes=["$default"]))
        balancer = elbv2.ApplicationLoadBalancer(
            stack, "Balancer", vpc=ec2.Vpc(stack, "Vpc", nat_gateways=0)
        )
        listener = balancer.add_listener("Listener", port=80)
        worker.add_event_source(AlbEventSource(listener))
        return worker, stack, Template.from_stack(stack)

    def metrics(self, built, id: str) -> list[dict]:
        _, stack, _ = built
        (alarm,) = [
            each["Properties"]
            for name, each in resources(stack, ALARM).items()
            if name[:-8] == f"WorkerDeployment{id}"
        ]
        return [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]

    def alarm(self, built, id: str) -> dict:
        _, stack, _ = built
        (alarm,) = [
            each["Properties"]
            for name, each in resources(stack, ALARM).items()
            if name[:-8] == f"WorkerDeployment{id}"
        ]
        return alarm

    def test_cloudformation_finds_an_order(self, built):
        """
        No alarm waits for what waits for the alias.
        """
        _, _, template = built

        assert without_cycles(template)

    def test_one_alarm_watches_all_failure_queues(self, built):
        """
        The library's own, and the one that a queue came with.
        """
        metrics = self.metrics(built, "DeadLetters")

        assert [
            "WorkerFailures",
            "QueueDeadLetters",
            "Letters",
        ] == [
            each["Metric"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0][:-8]
            for each in metrics
        ]
        assert {"ApproximateNumberOfMessagesVisible"} == {
            each["Metric"]["MetricName"] for each in metrics
        }

    def test_letters_that_lie_there_stop_no_release(self, built):
        """
        The alarm is on their number's growth; nothing to tell is none.
        """
        expression = self.alarm(built, "DeadLetters")["Metrics"][0]["Expression"]

        assert (
            "MAX([DIFF(FILL(FILL(m1, REPEAT), 0)), DIFF(FILL(FILL(m2, REPEAT), 0)), "
            "DIFF(FILL(FILL(m3, REPEAT), 0))])"
        ) == expression

    def test_two_streams_have_one_age(self, built):
        """
        It is a metric of the alias, not of a stream.
        """
        (metric,) = self.metrics(built, "IteratorAge")

        assert "IteratorAge" == metric["Metric"]["MetricName"]
        assert ["FunctionName", "Resource"] == [
            each["Name"] for each in metric["Metric"]["Dimensions"]
        ]

    @pytest.mark.parametrize(
        ("namespace", "name", "dimensions"),
        [
            ("AWS/Lambda", "Url5xxCount", ["FunctionName", "Resource"]),
            ("AWS/ApiGateway", "5XXError", ["ApiName"]),
            ("AWS/ApiGateway", "5xx", ["ApiId"]),
            ("AWS/ApiGateway", "IntegrationError", ["ApiId"]),
            ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", ["LoadBalancer"]),
        ],
    )
    def test_each_front_s_5xx_are_watched(self, built, namespace, name, dimensions):
        """
        By the metric and the dimensions that its service documents.
        """
        (metric,) = [
            each["Metric"]
            for each in self.metrics(built, "ServerErrors")
            if (each["Metric"]["Namespace"], each["Metric"]["MetricName"])
            == (namespace, name)
        ]

        assert dimensions == [each["Name"] for each in metric["Dimensions"]]

    def test_clients_get_a_limit_of_latency(self, built):
        """
        Of the new version's own durations, in milliseconds.
        """
        alarm = self.alarm(built, "Latency")

        assert "Duration" == alarm["MetricName"]
        assert "p99" == alarm["ExtendedStatistic"]
        assert 800 == alarm["Threshold"]
        assert "ExecutedVersion" == alarm["Dimensions"][2]["Name"]

    def test_errors_may_be_some(self, built):
        """
        Those of the function, and those that clients see.
        """
        assert 3 == self.alarm(built, "Errors")["Threshold"]
        assert 3 == self.alarm(built, "ServerErrors")["Threshold"]

    def test_the_group_watches_all_six(self, built):
        """
        And the role may look at each of them.
        """
        _, stack, _ = built
        names = [
            each["Name"] for each in only(stack, GROUP)["AlarmConfiguration"]["Alarms"]
        ]
        (look,) = [
            each
            for each in statements(stack, "WorkerDeploymentPolicy")
            if each["Action"] == "cloudwatch:DescribeAlarms"
        ]

        assert 6 == len(names)
        assert [each["Ref"] for each in names] == [
            each["Fn::GetAtt"][0] for each in look["Resource"]
        ]


class TestShifts:
    @pytest.mark.parametrize(
        ("deployment", "name"),
        [
            (Deployment.all_at_once(), "LambdaAllAtOnce"),
            (canary(interval=Duration.minutes(30)), "LambdaCanary10Percent30Minutes"),
            (Deployment.linear(), "LambdaLinear10PercentEvery1Minute"),
        ],
    )
    def test_aws_s_own_configurations_are_used(self, stack, deployment, name):
        """
        An account has 25 of its own.
        """
        make_function(stack, deployment=deployment)

        assert f"CodeDeployDefault.{name}" == only(stack, GROUP)["DeploymentConfigName"]

    def test_functions_of_a_stack_share_one_of_their_own(self, stack):
        """
        Of the same kind and numbers.
        """
        for id in ("One", "Two"):
            shift = Deployment.linear(percentage=25, interval=Duration.minutes(2))
            make_function(stack, id, deployment=shift)

        made = only(stack, "AWS::CodeDeploy::DeploymentConfig")
        assert {
            "ComputePlatform": "Lambda",
            "TrafficRoutingConfig": {
                "Type": "TimeBasedLinear",
                "TimeBasedLinear": {"LinearInterval": 2, "LinearPercentage": 25},
            },
        } == made

    def test_all_at_once_watches_the_given_alarms_alone(self, stack):
        """
        It is over before a metric could tell, and releases while others are red.
        """
        alarm = own_alarm(stack)
        worker = make_function(stack, deployment=Deployment.all_at_once(alarms=[alarm]))
        worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))

        watched = only(stack, GROUP)["AlarmConfiguration"]
        assert 1 == len(watched["Alarms"])
        assert 1 == len(resources(stack, ALARM))
        assert "Own" in str(statements(stack, "WorkerDeploymentPolicy")[-1]["Resource"])

    def test_without_alarms_none_are_watched(self, stack):
        """
        CodeDeploy refuses an empty list that is enabled.
        """
        make_function(stack, deployment=Deployment.all_at_once())

        assert {"Enabled": False, "Alarms": []} == (
            only(stack, GROUP)["AlarmConfiguration"]
        )

    def test_composite_alarms_take_sight_of_all(self, stack):
        """
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html.
        """
        joined = cloudwatch.CompositeAlarm(
            stack, "Joined", alarm_rule=cloudwatch.AlarmRule.from_boolean(False)
        )
        make_function(stack, deployment=canary(alarms=[joined]))

        assert "*" in [
            each["Resource"]
            for each in statements(stack, "WorkerDeploymentPolicy")
            if each["Action"] == "cloudwatch:DescribeAlarms"
        ]

    def test_fails_if_there_are_more_than_ten_alarms(self, stack):
        """
        https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html.
        """
        alarms = [
            cloudwatch.Alarm.from_alarm_name(stack, f"A{n}", f"a{n}") for n in range(9)
        ]

        assert (
            "Shop/Worker: a deployment has at most 10 alarms, got 11, of which 2 "
            "follow from what is bound; join some of alarms= in a composite alarm"
        ) == fault(lambda: make_function(stack, deployment=canary(alarms=alarms)))

    def test_an_alarm_that_is_named_twice_is_watched_once(self, stack):
        """
        CloudFormation refuses a list that has it twice.
        """
        alarm = own_alarm(stack)
        make_function(stack, deployment=Deployment.all_at_once(alarms=[alarm, alarm]))

        assert 1 == len(only(stack, GROUP)["AlarmConfiguration"]["Alarms"])

    def test_fails_if_an_alarm_is_in_another_region(self):
        """
        CodeDeploy has a name, by which it would find none, or another one.
        """
        app = App()
        ops, shop = (
            Stack(app, id, env=Environment(account="1" * 12, region=region))
            for id, region in (("Ops", "us-east-1"), ("Shop", "eu-west-1"))
        )

        assert (
            "Shop/Worker: alarms must be in the function's Region eu-west-1, got "
            "Ops/Own in us-east-1"
        ) in fault(
            lambda: make_function(shop, deployment=canary(alarms=[own_alarm(ops)]))
        )

    def test_fails_if_no_invocation_could_be_as_slow(self, stack):
        """
        Lambda stops it before.
        """
        slow = canary(max_latency=Duration.minutes(20))
        worker = make_function(stack, deployment=slow)

        assert "Shop/Worker: max_latency must be less than the function's timeout" in (
            fault(lambda: worker.add_event_source(FunctionUrlEventSource()))
        )

    def test_fails_at_synthesis_if_nobody_waits_for_an_answer(self, stack):
        """
        Latency is watched where clients wait; elsewhere it would be said for nothing.
        """
        quick = canary(max_latency=Duration.millis(800))
        make_function(stack, deployment=quick)

        message = "Shop/Worker: max_latency of the deployment is watched where clients"
        with pytest.raises(RuntimeError, match=message):
            stack.node.root.synth()

    def test_ten_queues_take_a_second_alarm(self, stack):
        """
        An alarm has ten metrics at the most, its expression included.
        """
        worker = make_function(stack, deployment=canary())
        for n in range(10):
            worker.add_event_source(SqsEventSource(sqs.Queue(stack, f"Queue{n}")))

        counts = sorted(
            len(each["Properties"]["Metrics"])
            for name, each in resources(stack, ALARM).items()
            if "DeadLetters" in name
        )
        assert [2, 10] == counts

    def test_an_api_of_another_stack_is_warned_about(self):
        """
        Its stack refers to the function's, which could not refer back.
        """
        app = App()
        front, stack = Stack(app, "Front"), Stack(app, "Shop")
        worker = make_function(stack, deployment=canary())
        api = apigatewayv2.HttpApi(front, "Api")

        worker.add_event_source(HttpApiEventSource(api, routes=["GET /a"]))

        assert {"Errors", "Throttles"} == {
            each.node.id for each in worker.release.alarms
        }
        assert is_warned(stack, Practice.DEPLOYMENT_API_ALARM)

    @pytest.mark.parametrize(("name", "watched"), [("shop", True), (None, False)])
    def test_an_imported_rest_api_is_watched_by_its_name(self, stack, name, watched):
        """
        CloudWatch knows it by nothing else, and CDK makes one up.
        """
        worker = make_function(stack, deployment=canary())
        api = apigateway.RestApi.from_rest_api_attributes(
            stack,
            "Api",
            rest_api_id="a1b2",
            root_resource_id="c3d4",
            rest_api_name=name,
        )

        worker.add_event_source(RestApiEventSource(api, routes=["GET /a"]))

        assert watched is ("ServerErrors" in str(resources(stack, ALARM)))
        assert watched is not is_warned(stack, Practice.DEPLOYMENT_API_ALARM)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: canary(percentage=0), "between 1 and 99 %, got 0 %"),
            (lambda: canary(percentage=100), "between 1 and 99 %, got 100 %"),
            (lambda: canary(percentage="10"), "percentage must be a whole number"),
            (
                lambda: canary(interval=Duration.seconds(90)),
                "interval must be whole minutes",
            ),
            (
                lambda: canary(interval=Duration.days(3)),
                "within 1 to 2,880 minutes, got 1 x 4,320",
            ),
            (
                lambda: Deployment.linear(percentage=1, interval=Duration.hours(1)),
                "within 1 to 2,880 minutes, got 99 x 60",
            ),
            (lambda: canary(max_errors=-1), "max_errors must be between 0"),
            (lambda: canary(max_latency=800), "max_latency must be a Duration"),
            (
                lambda: canary(max_latency=Duration.seconds(0)),
                "max_latency must be more than nothing, got 0 s",
            ),
            (lambda: canary(max_errors=None), "max_errors must not be None"),
            (lambda: canary(alarms=None), "alarms must not be None; leave it out"),
            (
                lambda: Deployment.manual(
                    previous_version="7", percentage=float("nan")
                ),
                "percentage must be a number, got nan",
            ),
            (lambda: canary(alarms="red"), "alarms must be a list of alarms"),
            (lambda: canary(before_traffic="Smoke"), "before_traffic must be a Lamb"),
        ],
    )
    def test_fails_if_codedeploy_would_refuse_a_value(self, make, message):
        """
        https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html.
        """
        assert message in fault(make)


class TestHooks:
    def test_one_function_may_be_both(self, stack):
        """
        It gets its permissions once.
        """
        hook = make_function(stack, "Smoke")
        make_function(stack, deployment=canary(before_traffic=hook, after_traffic=hook))

        assert 2 == len(statements(stack, "SmokeHookPolicy"))

    def test_a_hook_may_use_the_live_alias_too(self, stack):
        """
        The alias waits for the policy of the hook's duty, not for the rest.
        """
        hook = make_function(stack, "Smoke")
        worker = make_function(stack, deployment=canary(after_traffic=hook))
        hook.allow("lambda:InvokeFunction", on=worker)

        assert without_cycles(Template.from_stack(stack))

    def test_fails_if_a_hook_is_shared(self, stack):
        """
        It has one NEW_VERSION.
        """
        hook = make_function(stack, "Smoke")
        make_function(stack, deployment=canary(before_traffic=hook))

        assert (
            "Shop/Other: Shop/Smoke is the hook of another function already, and has "
            "one NEW_VERSION; define one for each, of the same code"
        ) == fault(
            lambda: make_function(
                stack, "Other", deployment=canary(before_traffic=hook)
            )
        )

    def test_fails_if_a_hook_is_in_another_stack(self):
        """
        Each refers to the other.
        """
        app = App()
        hook = make_function(Stack(app, "Elsewhere"), "Smoke")

        assert "must be in the function's stack, got Elsewhere/Smoke" in fault(
            lambda: make_function(
                Stack(app, "Shop"), deployment=canary(before_traffic=hook)
            )
        )


class TestManual:
    def test_the_old_version_keeps_the_rest(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html.
        """
        manual = Deployment.manual(previous_version="7", percentage=10)
        worker = make_function(stack, deployment=manual)

        alias = only(stack, ALIAS)
        assert "WorkerFunctionCurrentVersion" in str(alias["FunctionVersion"])
        assert [{"FunctionVersion": "7", "FunctionWeight": 0.9}] == (
            alias["RoutingConfig"]["AdditionalVersionWeights"]
        )
        assert worker.release is None
        assert "UpdatePolicy" not in next(iter(resources(stack, ALIAS).values()))

    def test_at_0_the_alias_goes_back(self, stack):
        """
        Old versions are retained, so there is one to go back to.
        """
        manual = Deployment.manual(previous_version="7", percentage=0)
        make_function(stack, deployment=manual)

        alias = only(stack, ALIAS)
        assert "7" == alias["FunctionVersion"]
        assert "RoutingConfig" not in alias

    def test_at_100_it_is_as_without(self, stack):
        """
        The step before it is left out.
        """
        manual = Deployment.manual(previous_version="7", percentage=100)
        make_function(stack, deployment=manual)

        alias = only(stack, ALIAS)
        assert "RoutingConfig" not in alias
        assert "WorkerFunctionCurrentVersion" in str(alias["FunctionVersion"])

    @pytest.mark.parametrize("version", ["", "0", "$LATEST", "live", 7])
    def test_fails_if_the_version_is_no_number(self, version):
        """
        An alias divides between numbered versions.
        """
        assert "previous_version must be the number of a version" in fault(
            lambda: Deployment.manual(previous_version=version, percentage=10)
        )

    def test_fails_if_the_percentage_is_out_of_range(self):
        """
        0 to 100.
        """
        assert "percentage must be between 0 and 100 %, got 101 %" == fault(
            lambda: Deployment.manual(previous_version="7", percentage=101)
        )

    def test_fails_with_provisioned_concurrency(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html.
        """
        manual = Deployment.manual(previous_version="7", percentage=10)

        assert "cannot be managed while the alias divides its traffic" in fault(
            lambda: make_function(
                stack,
                deployment=manual,
                provisioned_concurrency=ProvisionedConcurrency(min_capacity=1),
            )
        )


def test_fails_if_a_deployment_is_something_else(stack):
    """
    The word alone is none.
    """
    assert "deployment must be Deployment.canary(), got 'canary'" in fault(
        lambda: make_function(stack, deployment="canary")
    )


def test_imported_sources_are_watched_as_far_as_they_are_known(stack):
    """
    A load balancer by its listener's ARN; an imported queue's letters by nobody.
    """
    worker = make_function(stack, deployment=canary())
    queue = sqs.Queue.from_queue_arn(
        stack, "Queue", "arn:aws:sqs:eu-west-1:111122223333:orders"
    )
    worker.add_event_source(SqsEventSource(queue))
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack,
        "Listener",
        listener_arn=(
            "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/web/1a2b"
            "/3c4d"
        ),
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1"),
    )
    worker.add_event_source(
        AlbEventSource(
            listener,
            conditions=[elbv2.ListenerCondition.path_patterns(["/a"])],
            priority=1,
        )
    )

    assert {"Errors", "Latency", "ServerErrors", "Throttles"} == {
        each.node.id for each in worker.release.alarms
    }
    assert "'Value': 'app/web/1a2b'" in str(resources(stack, ALARM))
