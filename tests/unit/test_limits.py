"""What Lambda would refuse about a function fails at synthesis, in one wording."""

from __future__ import annotations

from datetime import date

import pytest
from aws_cdk import App, Duration, Environment, Size, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_efs as efs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError, _code_checks, limits
from tests.unit.conftest import make_function, only

FUNCTION = "AWS::Lambda::Function"
TOKEN = Token.as_number({"Ref": "Number"})


def fault(stack, id="Worker", **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        make_function(stack, id, **options)
    return str(error.value)


@pytest.mark.parametrize("seconds", [1, 900])
def test_timeout_may_be_one_second_to_fifteen_minutes(stack, seconds):
    """
    Both ends are allowed.
    """
    make_function(stack, timeout=Duration.seconds(seconds))

    assert seconds == only(stack, FUNCTION)["Timeout"]


@pytest.mark.parametrize("seconds", [0, 901])
def test_fails_if_timeout_is_out_of_range(stack, seconds):
    """
    The message gives the range, the value and the way out.
    """
    assert (
        f"Shop/Worker: timeout must be between 1 and 900 s, got {seconds} s; split "
        "longer work into steps, with Step Functions for example"
    ) == fault(stack, timeout=Duration.seconds(seconds))


def test_fails_if_timeout_is_not_whole_seconds(stack):
    """
    CloudFormation takes whole seconds.
    """
    assert "Shop/Worker: timeout must be whole seconds, got 1.5 s; round it up" == (
        fault(stack, timeout=Duration.millis(1500))
    )


@pytest.mark.parametrize("memory", [127, 10_241])
def test_fails_if_memory_is_out_of_range(stack, memory):
    """
    Above 10,240 MB neither CDK nor its validator says a word.
    """
    assert (
        f"Shop/Worker: memory_size must be between 128 and 10,240 MB, got {memory:,} MB"
    ) == fault(stack, memory_size=memory)


@pytest.mark.parametrize("size", [Size.mebibytes(511), Size.gibibytes(11)])
def test_fails_if_ephemeral_storage_is_out_of_range(stack, size):
    """
    /tmp is 512 MB to 10 GB.
    """
    assert "ephemeral_storage_size must be between 512 and 10,240 MB" in fault(
        stack, ephemeral_storage_size=size
    )


def test_tokens_are_passed_through(stack):
    """
    What CloudFormation will resolve later cannot be checked now.
    """
    make_function(
        stack,
        memory_size=TOKEN,
        reserved_concurrent_executions=TOKEN,
        environment={"NAME": Token.as_string({"Ref": "Text"})},
        timeout=Duration.seconds(TOKEN),
    )

    assert {"Ref": "Number"} == only(stack, FUNCTION)["MemorySize"]
    assert {"Ref": "Number"} == only(stack, FUNCTION)["Timeout"]


def test_fails_if_reserved_concurrency_is_negative(stack):
    """
    None is not -1.
    """
    assert (
        "Shop/Worker: reserved_concurrent_executions must not be negative, got -1; "
        "leave it out to share the account's concurrency"
    ) == fault(stack, reserved_concurrent_executions=-1)


def test_warns_if_reserved_concurrency_is_zero(stack):
    """
    Zero is the off switch.
    """
    make_function(stack, reserved_concurrent_executions=0)

    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp("reserved-concurrency-zero")
    )


def test_environment_may_be_exactly_4096_bytes(stack):
    """
    Names and values count, and nothing else.
    """
    make_function(stack, environment={"AA": "x" * 4_094})

    assert 4_094 == len(only(stack, FUNCTION)["Environment"]["Variables"]["AA"])


@pytest.mark.parametrize("value", ["x" * 4_095, "ü" * 2_048])
def test_fails_if_environment_is_too_large(stack, value):
    """
    Bytes of UTF-8 count, not characters.
    """
    message = fault(stack, environment={"AA": value})

    assert message.startswith(
        "Shop/Worker: environment must be at most 4,096 bytes, names and values "
        "together, got 4,09"
    )
    assert message.endswith("; keep large values in Parameter Store, AppConfig or S3 "
                            "and pass their names")  # fmt: skip


@pytest.mark.parametrize("name", ["A", "1A", "_A", "A-B", "A.B", ""])
def test_fails_if_an_environment_name_is_malformed(stack, name):
    """
    One letter alone is refused by Lambda too.
    """
    assert f"got {name!r}; rename it" in fault(stack, environment={name: "x"})


@pytest.mark.parametrize("name", sorted(limits.RESERVED_ENVIRONMENT_NAMES))
def test_fails_if_an_environment_name_is_reserved(stack, name):
    """
    Lambda sets these itself.
    """
    assert (
        f"Shop/Worker: environment must not set {name}, which Lambda sets itself; "
        "choose another name"
    ) == fault(stack, environment={name: "x"})


@pytest.mark.parametrize("name", ["has space", "x" * 65, "ümlaut"])
def test_fails_if_function_name_is_malformed(stack, name):
    """
    64 letters, digits, hyphens and underscores.
    """
    assert "function_name must be 1 to 64 letters, digits, hyphens or" in fault(
        stack, function_name=name
    )


def test_fails_if_description_is_too_long(stack):
    """
    256 characters.
    """
    assert (
        "Shop/Worker: description must be at most 256 characters, got 257"
    ) == fault(stack, description="x" * 257)


@pytest.mark.parametrize("handler", ["", "index handler", "x" * 129])
def test_fails_if_handler_is_malformed(stack, handler):
    """
    128 characters without white space.
    """
    assert "handler must be 1 to 128 characters without white space" in fault(
        stack, handler=handler
    )


def test_fails_if_there_are_more_than_five_layers(stack):
    """
    Five layers.
    """
    layers = [
        lambda_.LayerVersion.from_layer_version_arn(
            stack, f"Layer{n}", f"arn:aws:lambda:eu-west-1:111122223333:layer:l:{n}"
        )
        for n in range(1, 7)
    ]

    assert "Shop/Worker: layers must be at most 5 layers, got 6" == fault(
        stack, layers=layers
    )


def test_fails_if_there_are_more_than_five_security_groups(stack):
    """
    Five security groups.
    """
    vpc = ec2.Vpc(stack, "Net", max_azs=1, nat_gateways=0)
    groups = [ec2.SecurityGroup(stack, f"Group{n}", vpc=vpc) for n in range(6)]

    assert "security_groups must be at most 5 security groups, got 6" in fault(
        stack, vpc=vpc, security_groups=groups
    )


def test_fails_if_there_are_more_than_sixteen_subnets(stack):
    """
    Sixteen subnets.
    """
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Net",
        vpc_id="vpc-1",
        availability_zones=["a"],
        isolated_subnet_ids=[f"subnet-{n}" for n in range(17)],
    )

    assert "vpc_subnets must be at most 16 subnets, got 17" in fault(stack, vpc=vpc)


@pytest.mark.parametrize(
    ("runtime", "handler"),
    [
        (lambda_.Runtime.FROM_IMAGE, "index.handler"),
        (lambda_.Runtime.PYTHON_3_14, lambda_.Handler.FROM_IMAGE),
    ],
)
def test_fails_if_only_one_of_runtime_and_handler_is_from_an_image(
    stack, runtime, handler
):
    """
    A container image states both.
    """
    assert "runtime and handler must both be FROM_IMAGE, or neither" in fault(
        stack, runtime=runtime, handler=handler
    )


def test_fails_if_a_container_image_has_layers(stack):
    """
    Layers are for packages.
    """
    layer = lambda_.LayerVersion.from_layer_version_arn(
        stack, "Layer", "arn:aws:lambda:eu-west-1:111122223333:layer:l:1"
    )

    assert "layers must not be given for a container image" in fault(
        stack,
        runtime=lambda_.Runtime.FROM_IMAGE,
        handler=lambda_.Handler.FROM_IMAGE,
        layers=[layer],
    )


def test_fails_if_inline_code_is_too_long(stack):
    """
    CloudFormation takes 4,096 characters.
    """
    assert (
        "Shop/Worker: inline code must be at most 4,096 characters, got 4,097; "
        "put it in a folder and pass PythonCode.from_folder()"
    ) == fault(stack, code=lambda_.Code.from_inline("x" * 4_097))


def test_fails_if_a_filesystem_has_no_vpc(stack):
    """
    Its mount targets are in one.
    """
    files = efs.FileSystem(stack, "Files", vpc=ec2.Vpc(stack, "Net", max_azs=1))
    point = files.add_access_point("Point")

    assert "filesystem needs vpc, got none" in fault(
        stack,
        filesystem=lambda_.FileSystem.from_efs_access_point(point, "/mnt/files"),
    )


@pytest.mark.parametrize(
    ("options", "beside"),
    [
        ({"runtime": lambda_.Runtime.PYTHON_3_11}, "runtime python3.11"),
        (
            {"ephemeral_storage_size": Size.mebibytes(513)},
            "ephemeral_storage_size above 512 MB",
        ),
        (
            {"tenancy_config": lambda_.TenancyConfig.PER_TENANT},
            "tenancy_config",
        ),
        (
            {
                "current_version_options": lambda_.VersionOptions(
                    provisioned_concurrent_executions=1
                )
            },
            "provisioned_concurrent_executions",
        ),
    ],
)
def test_fails_if_snap_start_stands_beside_what_it_excludes(stack, options, beside):
    """
    SnapStart needs Python 3.12, the default /tmp, no file system, no tenants.
    """
    assert (
        f"Shop/Worker: snap_start does not work with {beside}; leave one of them out"
    ) == fault(stack, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "must be at least 1, got 0"),
        (
            {"reserved_concurrent_executions": 5},
            "must be at least 1 and at most the reserved 5, got 6",
        ),
    ],
)
def test_fails_if_provisioned_concurrency_is_out_of_range(stack, options, message):
    """
    Neither CDK nor its validator compares them.
    """
    wanted = 6 if options else 0
    version = lambda_.VersionOptions(provisioned_concurrent_executions=wanted)

    assert f"Shop/Worker: provisioned_concurrent_executions {message}" == fault(
        stack, current_version_options=version, **options
    )


def test_snap_start_works_with_the_defaults_and_without_a_warning(stack):
    """
    arm64 and the newest Python have it, and a version is always published.
    """
    make_function(stack, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS)

    assert {"ApplyOn": "PublishedVersions"} == only(stack, FUNCTION)["SnapStart"]
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


@pytest.mark.parametrize(
    ("execution", "retention", "message"),
    [
        (
            Duration.days(367),
            Duration.days(1),
            "execution_timeout must be between 1 and",
        ),
        (Duration.days(1), Duration.days(91), "retention_period must be between 1"),
        (Duration.days(1), Duration.hours(1), "retention_period must be between 1"),
    ],
)
def test_fails_if_a_durable_function_is_out_of_range(
    stack, execution, retention, message
):
    """
    366 days at the most, and a history of 1 to 90 days.
    """
    config = lambda_.DurableConfig(
        execution_timeout=execution, retention_period=retention
    )

    assert message in fault(stack, durable_config=config)


def test_fails_if_log_levels_are_given_for_text_logs(stack):
    """
    Only JSON lines have a level that Lambda reads.
    """
    assert "application_log_level_v2 need JSON logs" in fault(
        stack,
        logging_format=lambda_.LoggingFormat.TEXT,
        application_log_level_v2=lambda_.ApplicationLogLevel.WARN,
    )


def test_fails_if_both_a_dead_letter_queue_and_a_topic_are_given(stack):
    """
    A function has one dead-letter store.
    """
    assert "dead_letter_queue and dead_letter_topic exclude each other" in fault(
        stack,
        dead_letter_queue=sqs.Queue(stack, "Queue"),
        dead_letter_topic=sns.Topic(stack, "Topic"),
    )


def test_fails_if_the_dead_letter_store_is_fifo(stack):
    """
    Lambda cannot send to FIFO; CDK says nothing.
    """
    assert "dead_letter_queue must be standard, got FIFO Shop/Queue" in fault(
        stack, dead_letter_queue=sqs.Queue(stack, "Queue", fifo=True)
    )
    assert "dead_letter_topic must be standard, got FIFO Shop/Topic" in fault(
        stack, "Other", dead_letter_topic=sns.Topic(stack, "Topic", fifo=True)
    )


def test_fails_if_the_runtime_is_no_longer_supported(stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html: whatever brings
    the code.
    """
    message = fault(stack, runtime=lambda_.Runtime.PYTHON_3_9)

    assert message.startswith(
        "Shop/Worker: Lambda has not supported python3.9 since 2025-12-15, allowed "
    )
    assert message.endswith("; pass runtime=Runtime.PYTHON_3_14")


def test_warns_if_the_runtime_ends_soon(stack, monkeypatch):
    """
    Half a year before its end.
    """
    monkeypatch.setattr(_code_checks, "end_of", lambda *_: date(2029, 6, 30))
    make_function(stack, runtime=lambda_.Runtime.PYTHON_3_13)

    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp("python3.13 until 2029-06-30")
    )


def test_runtimes_of_other_languages_are_left_to_cdk(stack):
    """
    Their dates are not known here.
    """
    make_function(stack, runtime=lambda_.Runtime.NODEJS_22_X)

    assert "nodejs22.x" == only(stack, FUNCTION)["Runtime"]


@pytest.mark.parametrize("path", ["/mnt/", "/data", "/mnt/a/b", "/mnt/" + "x" * 156])
def test_fails_if_the_mount_path_is_malformed(stack, path):
    """
    https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html.
    """
    isolated = ec2.SubnetConfiguration(
        name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
    )
    vpc = ec2.Vpc(stack, "Net", max_azs=1, subnet_configuration=[isolated])
    files = efs.FileSystem(stack, "Files", vpc=vpc)
    point = files.add_access_point("Point")

    assert "the mount path of filesystem must be /mnt/ and a name" in fault(
        stack,
        vpc=vpc,
        filesystem=lambda_.FileSystem.from_efs_access_point(point, path),
    )


@pytest.mark.parametrize("region", sorted(limits.REGIONS_WITHOUT_SNAP_START))
def test_fails_if_the_region_has_no_snap_start(region):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html.
    """
    stack = Stack(App(), "Shop", env=Environment(account="1" * 12, region=region))

    assert f"snap_start does not work with Region {region}" in fault(
        stack, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cmd": ["x"] * 1_501}, "cmd of a container image must be at most 1,500 ent"),
        (
            {"entrypoint": ["x"] * 1_501},
            "entrypoint of a container image must be at most 1,500 entries, got 1,501",
        ),
        (
            {"working_directory": "/" + "x" * 1_000},
            "working_directory of a container image must be at most 1,000 characters",
        ),
        ({"cmd": ["x" * 16_384]}, "must be at most 16,384 bytes together"),
    ],
)
def test_fails_if_a_container_image_is_told_too_much(stack, given, message):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
    """
    images = ecr.Repository.from_repository_name(stack, "Images", "shop")

    assert message in fault(
        stack,
        code=lambda_.Code.from_ecr_image(images, **given),
        runtime=lambda_.Runtime.FROM_IMAGE,
        handler=lambda_.Handler.FROM_IMAGE,
    )
