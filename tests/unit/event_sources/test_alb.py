"""A load balancer that asks a function: what it may, and what cannot work."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import AlbEventSource
from tests.unit.conftest import make_function, only, resources

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
PERMISSION = "AWS::Lambda::Permission"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"

CONDITION = elbv2.ListenerCondition
ITEMS = CONDITION.path_patterns(["/items", "/items/*"])
DENY = elbv2.ListenerAction.fixed_response(404)
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/c0ffee"
LISTENER_ARN = (
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/1a2b/3c4d"
)
ENV = Environment(region="eu-west-1", account="123456789012")


def make_listener(stack: Stack, id: str = "Web", *, port=443, action=DENY, idle=None):
    vpc = stack.node.try_find_child("Vpc") or ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        public_subnet_ids=["subnet-1", "subnet-2"],
        public_subnet_route_table_ids=["rtb-1", "rtb-2"],
    )
    web = elbv2.ApplicationLoadBalancer(
        stack, id, vpc=vpc, internet_facing=True, idle_timeout=idle
    )
    certificates = [elbv2.ListenerCertificate.from_arn(CERTIFICATE)]
    return web.add_listener(
        f"On{port}",
        port=port,
        certificates=certificates if port == 443 else None,
        default_action=action,
    )


@pytest.fixture
def listener(stack):
    return make_listener(stack)


def imported(stack: Stack, arn: str = LISTENER_ARN):
    return elbv2.ApplicationListener.from_application_listener_attributes(
        stack,
        "Imported",
        listener_arn=arn,
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Sg", "sg-1"),
    )


def warned(stack, practice: Practice) -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"ack: {practice.value}\\]")
    )


def not_warned(stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        source = AlbEventSource(make_listener(stack), conditions=[ITEMS])
        make_function(stack).add_event_source(source)
        return stack

    def test_the_target_is_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        group = only(stack, GROUP)

        assert "lambda" == group["TargetType"]
        (target,) = group["Targets"]
        assert "WorkerLive" in json.dumps(target["Id"])
        assert "WorkerLive" in json.dumps(only(stack, PERMISSION)["FunctionName"])

    def test_this_target_group_of_this_account_alone_may_invoke(self, stack):
        """
        CDK leaves both out, so that everyone's target groups might.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#prepare-lambda-function
        """
        permission, name = only(stack, PERMISSION), only(stack, GROUP)["Name"]
        (parts,) = permission["SourceArn"].values()
        arn = "".join(
            each if isinstance(each, str) else each.get("Ref", "<name>")
            for each in parts[1]
        )
        (shown,) = [each for each in name["Fn::Join"][1] if isinstance(each, str)]

        assert "elasticloadbalancing.amazonaws.com" == permission["Principal"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
        assert (
            "arn:AWS::Partition:elasticloadbalancing:AWS::Region:AWS::AccountId:"
            f"targetgroup/{shown}<name>/*"
        ) == arn

    def test_the_name_fits_and_is_of_this_stack_alone(self, stack):
        """
        32 characters; the last eight are of the id that CloudFormation gave the stack.
        """
        shown, ours = only(stack, GROUP)["Name"]["Fn::Join"][1]

        assert "Worker-" == shown[:7]
        assert len(shown) + 8 <= 32
        assert "AWS::StackId" in json.dumps(ours)

    def test_the_target_group_waits_for_the_permission(self, stack):
        """
        The target could not be registered without.
        """
        (group,) = resources(stack, GROUP).values()
        (permission,) = resources(stack, PERMISSION)

        assert [permission] == group["DependsOn"]

    def test_headers_have_several_values(self, stack):
        """
        Two cookies need it.
        """
        assert [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}] == (
            only(stack, GROUP)["TargetGroupAttributes"]
        )

    def test_health_is_not_checked(self, stack):
        """
        Each check is an invocation.
        """
        assert not [name for name in only(stack, GROUP) if "Health" in name]

    def test_a_rule_with_the_conditions_forwards_to_it(self, stack):
        """
        Its number is the first that is free.
        """
        rule, (group,) = only(stack, RULE), resources(stack, GROUP)

        assert 1 == rule["Priority"]
        assert [{"Type": "forward", "TargetGroupArn": {"Ref": group}}] == (
            rule["Actions"]
        )
        assert [["/items", "/items/*"]] == [
            each["PathPatternConfig"]["Values"] for each in rule["Conditions"]
        ]

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        not_warned(stack)

    def test_no_failure_store_is_made(self, stack):
        """
        The client waits, and is told.
        """
        assert {} == resources(stack, "AWS::Lambda::EventInvokeConfig")
        assert {} == resources(stack, "AWS::SQS::Queue")


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker, listener):
        """
        By AWS's own names.
        """
        group = worker.add_event_source(
            AlbEventSource(
                listener,
                conditions=[ITEMS, CONDITION.http_request_methods(["GET", "HEAD"])],
                health_check=elbv2.HealthCheck(
                    healthy_http_codes="200,204",
                    healthy_threshold_count=2,
                    interval=Duration.seconds(300),
                    path="/health",
                    timeout=Duration.seconds(120),
                    unhealthy_threshold_count=10,
                ),
                multi_value_headers=False,
                priority=50_000,
            )
        )

        properties = only(stack, GROUP)
        assert isinstance(group, elbv2.ApplicationTargetGroup)
        assert "TargetGroupAttributes" not in properties
        assert {
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 300,
            "HealthCheckPath": "/health",
            "HealthCheckTimeoutSeconds": 120,
            "HealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200,204"},
            "UnhealthyThresholdCount": 10,
        }.items() <= properties.items()
        assert 50_000 == only(stack, RULE)["Priority"]
        assert ["path-pattern", "http-request-method"] == [
            each["Field"] for each in only(stack, RULE)["Conditions"]
        ]

    def test_a_health_check_is_on_by_being_there(self, stack, worker, listener):
        """
        CDK would give the path, and leave it off.
        """
        check = elbv2.HealthCheck(path="/health")
        worker.add_event_source(
            AlbEventSource(listener, conditions=[ITEMS], health_check=check)
        )

        assert only(stack, GROUP)["HealthCheckEnabled"] is True

    def test_without_conditions_it_is_the_default_action(self, stack, worker):
        """
        There is no rule then.
        """
        worker.add_event_source(AlbEventSource(make_listener(stack, action=None)))

        (action,) = only(stack, LISTENER)["DefaultActions"]
        assert {} == resources(stack, RULE)
        assert "forward" == action["Type"]
        not_warned(stack)

    def test_tokens_pass(self, stack, worker, listener):
        """
        They are numbers and texts that are known later.
        """
        worker.add_event_source(
            AlbEventSource(
                listener,
                conditions=[CONDITION.host_headers([Token.as_string({"Ref": "Host"})])],
                health_check=elbv2.HealthCheck(path=Token.as_string({"Ref": "Path"})),
                priority=Token.as_number({"Ref": "Priority"}),
            )
        )

        assert {"Ref": "Priority"} == only(stack, RULE)["Priority"]

    def test_an_imported_listener_gets_a_rule(self, stack, worker):
        """
        It is all that there is to know of it.
        """
        worker.add_event_source(
            AlbEventSource(imported(stack), conditions=[ITEMS], priority=7)
        )

        assert LISTENER_ARN == only(stack, RULE)["ListenerArn"]
        not_warned(stack)

    def test_fails_if_an_imported_listener_gets_a_number_by_itself(self, stack, worker):
        """
        Its other rules have numbers that nobody here knows.
        """
        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(AlbEventSource(imported(stack), conditions=[ITEMS]))

        assert str(error.value) == (
            "Shop/Worker: priority must be given for imported Shop/Imported, got none, "
            "since the numbers of its other rules are not known; pass priority= one "
            "that is free"
        )


class TestSeveral:
    def test_two_functions_behind_one_listener_coexist(self, stack, listener):
        """
        Each has a target group and a number of its own.
        """
        for id, path in (("Items", "/items"), ("Orders", "/orders")):
            make_function(stack, id).add_event_source(
                AlbEventSource(listener, conditions=[CONDITION.path_patterns([path])])
            )

        names = [
            json.dumps(each["Properties"]["Name"])
            for each in resources(stack, GROUP).values()
        ]
        assert 2 == len(set(names))
        assert {1, 2} == priorities(stack)

    def test_two_listeners_of_one_function_coexist(self, stack, worker, listener):
        """
        Rules are numbered on each of them.
        """
        other = make_listener(stack, "Other")
        for each in (listener, other):
            worker.add_event_source(AlbEventSource(each, conditions=[ITEMS]))

        assert 2 == len(resources(stack, GROUP))
        assert 2 == len(resources(stack, PERMISSION))
        assert {1} == priorities(stack)

    def test_two_rules_of_one_function_coexist(self, stack, worker, listener):
        """
        One has five values at most.
        """
        worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))
        worker.add_event_source(
            AlbEventSource(
                listener, conditions=[CONDITION.path_patterns(["/a"])], priority=7
            )
        )

        assert {1, 7} == priorities(stack)

    def test_the_next_number_is_above_all_that_are_known(self, stack, worker, listener):
        """
        CDK's own rules count, wherever they are defined.
        """
        listener.add_action(
            "Teapot",
            action=elbv2.ListenerAction.fixed_response(418),
            conditions=[CONDITION.path_patterns(["/tea"])],
            priority=40,
        )
        worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

        assert {40, 41} == priorities(stack)

    def test_fails_if_a_priority_is_taken(self, stack, worker, listener):
        """
        A listener can't have multiple rules with the same priority.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
        """
        source = AlbEventSource(listener, conditions=[ITEMS], priority=7)
        worker.add_event_source(source)

        with pytest.raises(ConfigurationError) as error:
            make_function(stack, "Other").add_event_source(source)

        assert (
            "Shop/Other: priority 7 of Shop/Web/On443 is taken by "
            "Shop/Worker/Alb-Web-On443-7-Rule/Resource; pass priority= one that is free"
        ) == str(error.value)

    def test_fails_if_there_is_no_number_above(self, stack, worker, listener):
        """
        The last one is often the rule for all the rest.
        """
        rest = CONDITION.path_patterns(["*"])
        worker.add_event_source(
            AlbEventSource(listener, conditions=[rest], priority=50_000)
        )

        with pytest.raises(ConfigurationError, match=r"got 50,001; pass priority="):
            worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

    def test_fails_if_two_sources_cannot_be_told_apart(self, worker, listener):
        """
        The path alone names the first.
        """
        worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

        with pytest.raises(ConfigurationError, match="pass another priority="):
            worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

    @pytest.mark.parametrize("where", ["here", "elsewhere"])
    def test_fails_if_there_is_a_default_action_already(self, stack, worker, where):
        """
        CDK would replace it; an imported listener has one.
        """
        listener = make_listener(stack) if where == "here" else imported(stack)

        with pytest.raises(ConfigurationError, match=r"default action already; pass"):
            worker.add_event_source(AlbEventSource(listener))


class TestRelations:
    def test_warns_of_plain_http(self, stack, worker):
        """
        Whatever is sent can be read and changed on the way.
        """
        worker.add_event_source(
            AlbEventSource(make_listener(stack, port=80), conditions=[ITEMS])
        )

        warned(stack, Practice.ALB_HTTP)

    def test_redirecting_to_https_is_not_warned_of(self, stack, worker, listener):
        """
        That is what plain HTTP is for.
        """
        listener.load_balancer.add_redirect()
        worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

        not_warned(stack)

    @pytest.mark.parametrize(
        ("idle", "timeout", "warns"), [(None, 61, True), (None, 60, False), (90, 61, 0)]
    )
    def test_warns_if_the_connection_closes_first(self, stack, idle, timeout, warns):
        """
        A client's connection may be silent for so long and no longer.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout
        """
        listener = make_listener(stack, idle=idle and Duration.seconds(idle))
        worker = make_function(stack, timeout=Duration.seconds(timeout))
        worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

        if warns:
            warned(stack, Practice.ALB_IDLE_TIMEOUT)
        else:
            not_warned(stack)

    @pytest.mark.parametrize(
        ("part", "other", "message"),
        [
            ("eu-west-1", "us-east-1", "function's Region eu-west-1, got us-east-1"),
            ("123456789012", "210987654321", "function's account 123456789012, got"),
        ],
    )
    def test_fails_if_the_listener_is_elsewhere(self, part, other, message):
        """
        #lambda-functions: the same account, and the same Region.
        """
        stack = Stack(App(), "Shop", env=ENV)
        listener = imported(stack, LISTENER_ARN.replace(part, other))

        with pytest.raises(ConfigurationError, match=message):
            make_function(stack).add_event_source(
                AlbEventSource(listener, conditions=[ITEMS])
            )

    def test_fails_if_tenants_are_kept_apart(self, stack, listener):
        """
        No request of a load balancer names one.
        """
        config = lambda_.TenancyConfig.PER_TENANT
        worker = make_function(stack, tenancy_config=config)

        with pytest.raises(ConfigurationError, match="takes no events"):
            worker.add_event_source(AlbEventSource(listener, conditions=[ITEMS]))

    def test_a_listener_of_another_stack_gets_a_rule_here(self):
        """
        Its stack knows nothing of the functions behind it.
        """
        app = App()
        site, shop = Stack(app, "Site", env=ENV), Stack(app, "Shop", env=ENV)
        worker = make_function(shop)
        worker.add_event_source(AlbEventSource(make_listener(site), conditions=[ITEMS]))

        assert {} == Template.from_stack(site).find_resources(RULE)
        assert 1 == len(resources(shop, RULE))


class TestRefusals:
    def test_values_that_are_tokens_are_taken_as_they_are(self, listener):
        """
        What they will be is not known; so are those of every kind that is well.
        """
        AlbEventSource(
            listener,
            conditions=[
                CONDITION.path_patterns([Token.as_string({"Ref": "Path"})]),
                CONDITION.host_headers(["*.example.com"]),
                CONDITION.http_header("X-Tenant", ["a b"]),
                CONDITION.http_request_methods(["M-SEARCH"]),
                CONDITION.source_ips(["2001:db8::/32"]),
            ],
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"priority": 0}, "priority must be between 1 and 50,000, got 0"),
            ({"priority": 50_001}, "priority must be between 1 and 50,000, got 50,001"),
            ({"priority": "1"}, "priority must be a whole number, got '1' (str)"),
            (
                {"multi_value_headers": "yes"},
                "multi_value_headers must be True or False, got 'yes' (str)",
            ),
            (
                {"priority": 1, "conditions": []},
                "priority is that of a rule, and a rule needs conditions, got none; "
                "pass conditions, or leave priority out for the default action",
            ),
            (
                {"conditions": ITEMS},
                "conditions must be a list, got",
            ),
            (
                {"conditions": [ITEMS, ITEMS]},
                "conditions may have one path-pattern at most, got 2; pass its values "
                "in one, since any of them may match",
            ),
            (
                {"conditions": [ITEMS, CONDITION.source_ips(["10.0.0.0/8"] * 4)]},
                "conditions may have 5 values together, got 6; bind the rest by an "
                "event source of their own, with a priority",
            ),
            (
                {"conditions": [CONDITION.path_patterns(["/*/*/*", "/a?/*/*/*"])]},
                "conditions may have 6 wildcards together, got 7; bind",
            ),
            (
                {"conditions": [CONDITION.host_headers(["a" * 129])]},
                "values of conditions must be at most 128 characters, got 129",
            ),
            (
                {"conditions": [CONDITION.host_headers([])]},
                "conditions must each have a value, got a host-header without",
            ),
            (
                {"conditions": [CONDITION.path_patterns([""])]},
                "values of conditions must not be empty, got a path-pattern of ''",
            ),
            (
                {"conditions": [CONDITION.path_patterns(["items/*"])]},
                "each path-pattern must be a path in visible ASCII that begins with /, "
                "as '/items/*', got 'items/*'",
            ),
            (
                {"conditions": [CONDITION.host_headers(["localhost"])]},
                "each host-header must be a host name with a dot, as 'www.example.com' "
                "or '*.example.com', got 'localhost'",
            ),
            (
                {"conditions": [CONDITION.http_request_methods(["get"])]},
                "each http-request-method must be a method in capitals and without "
                "wildcards, as 'GET', got 'get'",
            ),
            (
                {"conditions": [CONDITION.source_ips(["203.0.113.7"])]},
                "each source-ip must be a CIDR block, as '203.0.113.0/24', got "
                "'203.0.113.7'",
            ),
            (
                {"conditions": [CONDITION.source_ips(["everyone/0"])]},
                "each source-ip must be a CIDR block",
            ),
            (
                {"conditions": [CONDITION.http_header("Host", ["a.example"])]},
                "an http-header condition must not be of the header Host; pass "
                "ListenerCondition.host_headers([...])",
            ),
            (
                {"conditions": [CONDITION.http_header("X Tenant", ["a"])]},
                "the name of a header must be 1 to 40 letters, digits and marks "
                "without a space, as 'X-Tenant', got 'X Tenant'",
            ),
        ],
    )
    def test_fails_if_a_rule_would_be_refused(self, listener, options, message):
        """
        Before anything is defined.
        """
        with pytest.raises(ConfigurationError) as error:
            AlbEventSource(listener, **({"conditions": [ITEMS]} | options))

        assert str(error.value).startswith(message)

    @pytest.mark.parametrize(
        ("check", "message"),
        [
            ({"interval": Duration.seconds(4)}, "interval must be between 5 and 300 s"),
            ({"interval": Duration.minutes(6)}, "interval must be between 5 and 300 s"),
            ({"timeout": Duration.seconds(1)}, "timeout must be between 2 and 120 s"),
            ({"timeout": Duration.seconds(121)}, "timeout must be between 2 and 120 s"),
            (
                {"interval": Duration.seconds(30)},
                "timeout must be below its interval of 30 s, got 30 s; pass both",
            ),
            (
                {"timeout": Duration.seconds(35)},
                "timeout must be below its interval of 35 s, got 35 s; pass both",
            ),
            ({"healthy_threshold_count": 1}, "healthy_threshold_count must be between"),
            (
                {"unhealthy_threshold_count": 11},
                "unhealthy_threshold_count must be between 2 and 10, got 11",
            ),
            ({"path": "health"}, "path must begin with / and be at most 1,024"),
            ({"path": "/" * 1_025}, "path must begin with / and be at most 1,024"),
            ({"healthy_http_codes": "200-500"}, "healthy_http_codes must be of 200 to"),
            ({"healthy_http_codes": "299-200"}, "healthy_http_codes must be of 200 to"),
            ({"healthy_http_codes": "2xx"}, "healthy_http_codes must be of 200 to 499"),
            ({"port": "80"}, "port does not apply to a function, got '80'; leave it"),
        ],
    )
    def test_fails_if_a_health_check_would_be_refused(self, listener, check, message):
        """
        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html.
        """
        with pytest.raises(ConfigurationError) as error:
            AlbEventSource(listener, health_check=elbv2.HealthCheck(**check))

        assert str(error.value).startswith(f"health_check {message}")

    def test_fails_if_it_is_no_listener(self, listener):
        """
        The load balancer itself has no rules.
        """
        with pytest.raises(ConfigurationError, match="pass what add_listener"):
            AlbEventSource(listener.load_balancer)

    def test_fails_if_it_is_a_network_load_balancer_s(self, stack, listener):
        """
        That has listeners too, whose target groups take no function.
        """
        network = elbv2.NetworkLoadBalancer(
            stack, "Network", vpc=listener.load_balancer.vpc
        )

        with pytest.raises(ConfigurationError, match="of an Application Load Balancer"):
            AlbEventSource(network.add_listener("On80", port=80))


def priorities(stack: Stack) -> set[int]:
    return {each["Properties"]["Priority"] for each in resources(stack, RULE).values()}
