"""What an edge function is made of and where, and what the edge refuses."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from aws_cdk import App, Duration, Environment, NestedStack, Stack, Stage, Token
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import (
    ConfigurationError,
    EdgeFunction,
    FunctionDefaults,
    PythonCode,
)
from tests.unit.conftest import CODE, allowed, only, resources

FUNCTION = "AWS::Lambda::Function"
EVENTS = cloudfront.LambdaEdgeEventType
US_EAST_1 = Environment(region="us-east-1")
EU_WEST_1 = Environment(region="eu-west-1")


@pytest.fixture
def stack() -> Stack:
    return Stack(App(), "Shop", env=US_EAST_1)


def edge(scope: Stack, id: str = "Headers", **options) -> EdgeFunction:
    return EdgeFunction(
        scope, id, **{"code": CODE, "timeout": Duration.seconds(5), **options}
    )


def distribution(stack: Stack, *edge_lambdas) -> None:
    cloudfront.Distribution(
        stack,
        "Site",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origins.HttpOrigin("origin.example.com"),
            edge_lambdas=list(edge_lambdas),
        ),
    )


def fault(stack: Stack, **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        edge(stack, **options)
    return str(error.value)


class TestInUsEast1:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop", env=US_EAST_1)
        headers, pages = edge(stack), edge(stack, "Pages")
        distribution(
            stack,
            headers.on(EVENTS.VIEWER_RESPONSE),
            pages.on(EVENTS.ORIGIN_REQUEST, include_body=True),
        )
        return stack

    def test_function_is_what_the_edge_runs(self, stack):
        """
        x86_64 and the newest Python, JSON logs in a group of its own, and no more.
        """
        function, _ = resources(stack, FUNCTION).values()
        properties = function["Properties"]
        (group,) = [
            logical_id
            for logical_id in resources(stack, "AWS::Logs::LogGroup")
            if logical_id.startswith("HeadersLogs")
        ]

        assert {"LogFormat": "JSON", "LogGroup": {"Ref": group}} == (
            properties["LoggingConfig"]
        )
        assert {
            "Architectures": ["x86_64"],
            "Handler": "index.handler",
            "MemorySize": 128,
            "Runtime": "python3.14",
            "Timeout": 5,
        } == {
            name: value
            for name, value in properties.items()
            if name not in ("Code", "LoggingConfig", "Role")
        }

    def test_each_has_a_role_that_both_services_assume(self, stack):
        """
        .../DeveloperGuide/lambda-edge-permissions.html.
        """
        roles = [
            each["Properties"] for each in resources(stack, "AWS::IAM::Role").values()
        ]

        assert 2 == len(roles)
        for role in roles:
            assert ["lambda.amazonaws.com", "edgelambda.amazonaws.com"] == [
                each["Principal"]["Service"]
                for each in role["AssumeRolePolicyDocument"]["Statement"]
            ]
            assert not {"ManagedPolicyArns", "Policies"} & role.keys()

    def test_a_replica_may_make_and_write_its_log_group_in_any_region(self, stack):
        """
        .../DeveloperGuide/edge-functions-logs.html: by the one name, everywhere.
        """
        policies = resources(stack, "AWS::IAM::ManagedPolicy")
        (policy,) = [
            each["Properties"]["PolicyDocument"]["Statement"]
            for logical_id, each in policies.items()
            if logical_id.startswith("HeadersPolicy")
        ]
        (only_one,) = policy
        pieces = only_one["Resource"]["Fn::Join"][1]

        assert [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ] == only_one["Action"]
        assert [":logs:*:", ":log-group:", ":*"] == [
            each for each in pieces if isinstance(each, str)
        ][1:]
        assert pieces[-2]["Ref"].startswith("HeadersLogs")

    def test_cloudfront_invokes_numbered_versions_that_stay(self, stack):
        """
        A distribution refers to the old one until all of it has been updated.
        """
        versions = resources(stack, "AWS::Lambda::Version")
        associations = only(stack, "AWS::CloudFront::Distribution")[
            "DistributionConfig"
        ]["DefaultCacheBehavior"]["LambdaFunctionAssociations"]

        assert {"Retain"} == {each["DeletionPolicy"] for each in versions.values()}
        assert versions.keys() == {
            each["LambdaFunctionARN"]["Ref"] for each in associations
        }
        assert [("viewer-response", None), ("origin-request", True)] == [
            (each["EventType"], each.get("IncludeBody")) for each in associations
        ]
        assert {} == resources(stack, "AWS::Lambda::Alias")

    def test_nothing_is_warned_of(self, stack):
        """
        5 seconds and 128 MB are right for every event.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestInAnotherRegion:
    @pytest.fixture(scope="class")
    @classmethod
    def app(cls) -> Stage:
        strong = {"@aws-cdk/core:defaultCrossStackReferences": "strong"}
        stage = Stage(App(context=strong), "Prod")
        shop = Stack(stage, "Shop", env=EU_WEST_1)
        nested = NestedStack(shop, "Nested")
        headers, pages = edge(shop), edge(nested, "Pages")
        distribution(
            shop, headers.on(EVENTS.VIEWER_RESPONSE), pages.on(EVENTS.ORIGIN_REQUEST)
        )
        return stage

    @pytest.fixture(scope="class")
    @classmethod
    def assembly(cls, app):
        return {each.stack_name: each for each in app.synth().stacks}

    def test_functions_are_in_one_stack_in_us_east_1(self, assembly):
        """
        Of the stack's name, with everything that belongs to them.
        """
        beside = assembly["Prod-Shop-edge"]
        types = [each["Type"] for each in beside.template["Resources"].values()]

        assert "us-east-1" == beside.environment.region
        assert 2 == types.count(FUNCTION)
        assert 10 == len(types)
        assert FUNCTION not in str(assembly["Prod-Shop"].template)

    def test_versions_cross_without_a_custom_resource(self, assembly):
        """
        By Fn::GetStackOutput, from the stack that is deployed first.
        """
        shop, beside = assembly["Prod-Shop"], assembly["Prod-Shop-edge"]
        (site,) = [
            each["Properties"]["DistributionConfig"]
            for each in shop.template["Resources"].values()
            if each["Type"] == "AWS::CloudFront::Distribution"
        ]
        arns = [
            each["LambdaFunctionARN"]["Fn::GetStackOutput"]
            for each in site["DefaultCacheBehavior"]["LambdaFunctionAssociations"]
        ]

        assert {("Prod-Shop-edge", "us-east-1")} == {
            (each["StackName"], each["Region"]) for each in arns
        }
        assert beside.template["Outputs"].keys() == {
            each["OutputName"] for each in arns
        }
        assert "Custom::" not in json.dumps([shop.template, beside.template])
        assert beside.id in [each.id for each in shop.dependencies]

    def test_nothing_is_warned_of(self, assembly):
        """
        The reference is weak whatever the app's others are.
        """
        assert [] == [each.messages for each in assembly.values() if each.messages]


def test_a_version_goes_to_a_stack_of_another_region_from_one_that_you_made():
    """
    Then no stack is made.
    """
    app = App()
    there, here = Stack(app, "There", env=US_EAST_1), Stack(app, "Here", env=EU_WEST_1)
    distribution(here, edge(there).on(EVENTS.ORIGIN_RESPONSE))

    assembly = app.synth()

    assert ["Here", "There"] == sorted(each.stack_name for each in assembly.stacks)
    assert "Fn::GetStackOutput" in json.dumps(
        assembly.get_stack_by_name("Here").template
    )


def test_the_stack_beside_is_in_the_account_of_the_first():
    """
    And as well protected.
    """
    env = Environment(account="123456789012", region="eu-west-1")
    app = App()
    edge(Stack(app, "Shop", env=env, termination_protection=True))

    beside = app.synth().get_stack_by_name("Shop-edge")

    assert "123456789012" == beside.environment.account
    assert beside.termination_protection


def test_fails_if_the_region_is_not_known():
    """
    The function could not be made in another one than the stack.
    """
    assert (
        "Shop/Headers: region of stack Shop must be known, since Lambda@Edge functions "
        "are made in us-east-1, got none; pass env=Environment(region='us-east-1') to "
        "the stack, or its other Region"
    ) == fault(Stack(App(), "Shop"))


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_fails_if_the_partition_has_no_edge(region):
    """
    https://docs.aws.amazon.com/general/latest/gr/cf_region.html.
    """
    stack = Stack(App(), "Shop", env=Environment(region=region))

    assert (
        "Shop/Headers: Lambda@Edge must be in the partition of us-east-1, got "
        f"{region}; use CloudFront Functions there"
    ) == fault(stack)


def test_options_reach_the_function(stack):
    """
    All that there are.
    """
    edge(
        stack,
        application_log_level_v2=lambda_.ApplicationLogLevel.WARN,
        description="Adds headers",
        handler="index.headers",
        memory_size=256,
        runtime=lambda_.Runtime.NODEJS_22_X,
        system_log_level_v2=lambda_.SystemLogLevel.WARN,
        timeout=Duration.seconds(30),
    )

    Template.from_stack(stack).has_resource_properties(
        FUNCTION,
        {
            "Description": "Adds headers",
            "Handler": "index.headers",
            "LoggingConfig": {
                "ApplicationLogLevel": "WARN",
                "SystemLogLevel": "WARN",
            },
            "MemorySize": 256,
            "Runtime": "nodejs22.x",
            "Timeout": 30,
        },
    )


def test_defaults_of_the_scope_hold_where_the_edge_knows_them(stack):
    """
    Variables, traces and arm64 it does not.
    """
    FunctionDefaults(
        environment={"STAGE": "test"},
        log_retention=logs.RetentionDays.TWO_YEARS,
        runtime=lambda_.Runtime.PYTHON_3_13,
    ).apply_to(stack)
    edge(stack)

    properties = only(stack, FUNCTION)
    assert "python3.13" == properties["Runtime"]
    assert not {"Environment", "TracingConfig"} & properties.keys()
    assert 731 == only(stack, "AWS::Logs::LogGroup")["RetentionInDays"]


def test_allow_grants_exactly_that(stack):
    """
    On this resource, and nothing else.
    """
    table = dynamodb.TableV2(
        stack,
        "Tests",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    )
    function = edge(stack)
    function.allow("dynamodb:GetItem", on=table)
    table.grant(function, "dynamodb:Query")

    assert {"dynamodb:GetItem", "dynamodb:Query"} == allowed(
        stack, "Tests", "HeadersPolicy"
    )


@pytest.mark.parametrize(
    "option",
    [
        "architecture",
        "dead_letter_queue",
        "environment",
        "layers",
        "reserved_concurrent_executions",
        "tracing",
        "vpc",
    ],
)
def test_there_is_no_option_for_what_the_edge_has_not(stack, option):
    """
    .../DeveloperGuide/lambda-at-edge-function-restrictions.html.
    """
    with pytest.raises(TypeError, match=option):
        edge(stack, **{option: None})


@pytest.mark.parametrize("seconds", [0, 31, 900])
def test_fails_if_timeout_is_out_of_range(stack, seconds):
    """
    .../DeveloperGuide/cloudfront-limits.html#limits-lambda-at-edge.
    """
    assert (
        f"Shop/Headers: timeout must be between 1 and 30 s, got {seconds} s; "
        "CloudFront waits no longer"
    ) == fault(stack, timeout=Duration.seconds(seconds))


def test_fails_if_timeout_is_none(stack):
    """
    As for every function.
    """
    assert "timeout must be given, got None" in fault(stack, timeout=None)


@pytest.mark.parametrize(
    "runtime", [lambda_.Runtime.JAVA_21, lambda_.Runtime.FROM_IMAGE]
)
def test_fails_if_the_runtime_is_neither_node_nor_python(stack, runtime):
    """
    Container images are no runtime at all.
    """
    assert (
        f"Shop/Headers: runtime must be Node.js or Python at the edge, got "
        f"{runtime.name}; pass Runtime.PYTHON_3_14 for example"
    ) == fault(stack, runtime=runtime)


@pytest.mark.parametrize("memory", [127, 10_241])
def test_fails_if_memory_is_out_of_range(stack, memory):
    """
    Lambda's own range.
    """
    assert "memory_size must be between 128 and 10,240 MB" in fault(
        stack, memory_size=memory
    )


def test_tokens_are_passed_through(stack):
    """
    What CloudFormation will resolve later cannot be checked now.
    """
    number = Token.as_number({"Ref": "Number"})
    function = edge(stack, memory_size=number, timeout=Duration.seconds(number))
    function.on(EVENTS.VIEWER_REQUEST)

    assert {"Ref": "Number"} == only(stack, FUNCTION)["MemorySize"]
    assert {"Ref": "Number"} == only(stack, FUNCTION)["Timeout"]
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_both_services_assume_the_role_without_a_distribution_of_the_app(stack):
    """
    CDK adds the second where its own distribution takes the version, and only there.
    """
    edge(stack)

    trusted = only(stack, "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert ["lambda.amazonaws.com", "edgelambda.amazonaws.com"] == [
        each["Principal"]["Service"] for each in trusted
    ]


@pytest.mark.parametrize(
    ("options", "event_type"),
    [
        ({"timeout": Duration.seconds(6)}, EVENTS.VIEWER_REQUEST),
        ({"memory_size": 129}, EVENTS.VIEWER_RESPONSE),
    ],
)
def test_warns_if_a_viewer_event_is_large(stack, options, event_type):
    """
    The quota until 2026; at the origin it is nothing to warn of.
    """
    function = edge(stack, **options)
    function.on(EVENTS.ORIGIN_REQUEST)
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    function.on(event_type)
    Annotations.from_stack(stack).has_warning(
        "/Shop/Headers", Match.string_like_regexp("edge-viewer-size")
    )


@pytest.mark.parametrize("event_type", [EVENTS.VIEWER_RESPONSE, EVENTS.ORIGIN_RESPONSE])
def test_fails_if_a_response_event_is_to_have_a_body(stack, event_type):
    """
    .../DeveloperGuide/lambda-include-body-access.html.
    """
    with pytest.raises(ConfigurationError) as error:
        edge(stack).on(event_type, include_body=True)

    assert (
        "Shop/Headers: include_body is for request events, got "
        f"{event_type.name}, which has the body of no request; leave it out"
    ) == str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("viewer-request", False), "event_type must be a LambdaEdgeEventType"),
        ((EVENTS.VIEWER_REQUEST, "yes"), "include_body must be True or False"),
    ],
)
def test_fails_if_on_gets_another_type(stack, arguments, message):
    """
    In the words of this library.
    """
    event_type, include_body = arguments
    with pytest.raises(ConfigurationError, match=message):
        edge(stack).on(event_type, include_body=include_body)


class TestConfiguration:
    @pytest.fixture
    def code(self, tmp_path: Path) -> PythonCode:
        (tmp_path / "index.py").write_text("def handler(event, context): ...\n")
        return PythonCode.from_folder(tmp_path)

    def written(self, stack: Stack, code: PythonCode, **configuration) -> str:
        with pytest.raises(ConfigurationError) as error:
            edge(stack, code=code, configuration=configuration)
        return str(error.value)

    def test_it_is_in_the_package(self, code):
        """
        As configuration.json; another one is another package.
        """
        app = App()
        stack = Stack(app, "Shop", env=US_EAST_1)
        values = {"share": 50, "redirects": {"/a": "/b"}, "on": None, "hosts": ["x"]}
        edge(stack, code=code, configuration=values)
        edge(stack, "Other", code=code, configuration={"share": 51})
        folder = Path(app.synth().directory)
        first, other = (
            each["Properties"]["Code"]["S3Key"]
            for each in resources(stack, FUNCTION).values()
        )

        assert first != other
        assert values == read(folder / f"asset.{first}")

    def test_it_replaces_the_file_in_the_folder(self, tmp_path, code):
        """
        Which tests and editors see.
        """
        (tmp_path / "configuration.json").write_text('{"share": 0}')
        app = App()
        stack = Stack(app, "Shop", env=US_EAST_1)
        edge(stack, code=code, configuration={"share": 50})
        folder = Path(app.synth().directory)
        key = only(stack, FUNCTION)["Code"]["S3Key"]

        assert {"share": 50} == read(folder / f"asset.{key}")

    def test_fails_if_the_file_in_the_folder_has_other_names(
        self, stack, tmp_path, code
    ):
        """
        The code was written for those.
        """
        (tmp_path / "configuration.json").write_text('{"share": 0, "host": ""}')

        assert (
            f"Shop/Headers: configuration must have the names of "
            f"{tmp_path}/configuration.json: host, share; got shape"
        ) == self.written(stack, code, shape=1)

    @pytest.mark.parametrize(
        ("value", "path"),
        [
            (Token.as_string({"Ref": "Bucket"}), "configuration['it']"),
            ([f"x-{Token.as_string({'Ref': 'B'})}"], "configuration['it'][0]"),
            (Token.as_list({"Ref": "List"}), "configuration['it'][0]"),
            ({"n": Token.as_number({"Ref": "N"})}, "configuration['it']['n']"),
        ],
        ids=["text", "part of text", "list", "number"],
    )
    def test_fails_if_a_value_is_a_token(self, stack, code, value, path):
        """
        Nothing resolves it in a package.
        """
        assert (
            f"Shop/Headers: {path} must be known at synthesis, got a value that "
            "CloudFormation resolves later, and never in a package; pass a literal, "
            "such as a name that you choose yourself"
        ) == self.written(stack, code, it=value)

    def test_fails_if_a_value_is_none_of_json_s(self, stack, code):
        """
        Named by where it is.
        """
        assert "configuration['it'] must be a value that JSON has, got {1}" in (
            self.written(stack, code, it={1})
        )

    def test_fails_if_a_name_is_no_text(self, stack, code):
        """
        JSON has no other.
        """
        assert "configuration['it'] must have names that are text, got 1" in (
            self.written(stack, code, it={1: 2})
        )

    def test_fails_if_the_package_is_made_already(self, stack):
        """
        Nothing can be added to CDK's own Code.
        """
        assert (
            "Shop/Headers: configuration needs PythonCode, got InlineCode, to which "
            "nothing can be added; put a file into that package yourself"
        ) == fault(stack, configuration={"share": 50})

    def test_fails_if_it_is_no_mapping(self, stack, code):
        """
        Names and values.
        """
        assert "configuration must be a mapping of names, got 'x'" in fault(
            stack, code=code, configuration="x"
        )


def read(package: Path) -> dict:
    """The configuration in a package."""
    with zipfile.ZipFile(package) as archive:
        return dict(json.loads(archive.read("configuration.json")))
