"""A transformation: the processor, the role of the stream, and what cannot work."""

from __future__ import annotations

import re

import pytest
from aws_cdk import App, Duration, Environment, Size, Stack, Token
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import FirehoseEventSource
from tests.unit.conftest import allowed, make_function, only, resources, statements

STREAM = "AWS::KinesisFirehose::DeliveryStream"
POLICY = "WorkerFirehosePolicy"


def fault(**options) -> str:
    with pytest.raises(ConfigurationError) as error:
        FirehoseEventSource(**options)
    return str(error.value)


def make_stream(stack, transformation, bucket, *, role=None, id="Stream"):
    destination = firehose.S3Bucket(
        bucket,
        processors=[transformation],
        role=role or transformation.role,
        logging_config=firehose.DisableLogging(),
    )
    return firehose.DeliveryStream(stack, id, destination=destination)


def parameters(stack) -> dict[str, object]:
    config = only(stack, STREAM)["ExtendedS3DestinationConfiguration"]
    (processor,) = config["ProcessingConfiguration"]["Processors"]
    return {
        each["ParameterName"]: each["ParameterValue"]
        for each in processor["Parameters"]
    }


def resource_of(statement) -> str:
    """The id of the resource of a statement."""
    found = re.findall(r"'(Lake|WorkerLive)\w{8}'", str(statement["Resource"]))
    return str(*found)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        bucket = s3.Bucket(stack, "Lake")
        transformation = worker.add_event_source(FirehoseEventSource())
        transformation.deliver_to(bucket)
        make_stream(stack, transformation, bucket)
        return stack

    def test_stream_invokes_the_live_alias(self, stack):
        """
        Never $LATEST, or versions, canaries and SnapStart would be idle.
        """
        (alias,) = resources(stack, "AWS::Lambda::Alias")

        assert {"Ref": alias} == parameters(stack)["LambdaArn"]

    def test_buffers_are_firehose_s_own(self, stack):
        """
        What is not said is not written, but for the retries.
        """
        assert {"RoleArn", "LambdaArn", "NumberOfRetries"} == set(parameters(stack))
        assert "3" == parameters(stack)["NumberOfRetries"]

    def test_role_may_invoke_the_alias_and_deliver(self, stack):
        """
        Exactly the documented actions, and none of CDK's wildcards.

        https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
        """
        granted = [
            (each["Action"], "/*" in str(each["Resource"]), resource_of(each))
            for each in statements(stack, POLICY)
        ]
        on_bucket = ["GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"]
        on_objects = ["AbortMultipartUpload", "GetObject", "PutObject"]

        assert [
            (
                ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"],
                False,
                "WorkerLive",
            ),
            ([f"s3:{each}" for each in on_bucket], False, "Lake"),
            ([f"s3:{each}" for each in on_objects], True, "Lake"),
        ] == granted
        assert {} == resources(stack, "AWS::IAM::Policy")

    def test_function_may_do_nothing_more_and_needs_no_resource_policy(self, stack):
        """
        The stream's role is the permission.
        """
        assert set() == allowed(stack, "Lake", "WorkerPolicy")
        assert {} == resources(stack, "AWS::Lambda::Permission")

    def test_role_trusts_firehose_for_the_streams_of_this_account(self, stack):
        """
        Whoever knows its ARN could else deliver to our bucket by it.
        """
        (role,) = [
            each["Properties"]
            for name, each in resources(stack, "AWS::IAM::Role").items()
            if name.startswith("WorkerFirehoseRole")
        ]
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        condition = statement["Condition"]

        assert {"Service": "firehose.amazonaws.com"} == statement["Principal"]
        assert {"Ref": "AWS::AccountId"} == (
            condition["StringEquals"]["aws:SourceAccount"]
        )
        assert (
            ":deliverystream/*"
            == (condition["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1])
        )

    def test_destination_and_processor_have_that_role(self, stack):
        """
        CDK would make one that any account's stream may assume.
        """
        config = only(stack, STREAM)["ExtendedS3DestinationConfiguration"]

        assert parameters(stack)["RoleArn"] == config["RoleARN"]
        assert "WorkerFirehoseRole" in str(config["RoleARN"])

    def test_stream_waits_for_the_policy(self, stack):
        """
        It may invoke as soon as it is there.
        """
        (stream,) = resources(stack, STREAM).values()

        assert [POLICY] == [name[:-8] for name in stream["DependsOn"]]

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        bucket = s3.Bucket(stack, "Lake", encryption_key=kms.Key(stack, "LakeKey"))
        transformation = worker.add_event_source(
            FirehoseEventSource(
                buffer_interval=Duration.seconds(0),
                buffer_size=Size.kibibytes(512),
                id="Clean",
                retries=0,
            )
        )
        transformation.deliver_to(
            bucket,
            prefixes=["orders/", "errors/"],
            key=kms.Key(stack, "ObjectKey"),
            log_group=logs.LogGroup(stack, "Errors"),
        )
        make_stream(stack, transformation, bucket)
        return stack

    def test_each_reaches_the_template(self, stack):
        """
        CDK's own processor drops retries=0 and refuses half a megabyte.
        """
        found = parameters(stack)

        assert "0" == found["NumberOfRetries"]
        assert "0.5" == found["BufferSizeInMBs"]
        assert "0" == found["BufferIntervalInSeconds"]
        assert "WorkerCleanRole" in str(found["RoleArn"])

    def test_objects_are_allowed_by_their_prefixes(self, stack):
        """
        What else is in the bucket is not the stream's.
        """
        (objects,) = [
            each["Resource"]
            for each in statements(stack, "WorkerCleanPolicy")
            if "s3:PutObject" in each["Action"]
        ]

        assert ["/orders/*", "/errors/*"] == [
            each["Fn::Join"][1][-1] for each in objects
        ]

    @pytest.mark.parametrize("key", ["LakeKey", "ObjectKey"])
    def test_keys_may_be_used_through_s3(self, stack, key):
        """
        The bucket's, and that of the destination.
        """
        (found,) = [
            each
            for each in statements(stack, "WorkerCleanPolicy")
            if f"'{key}" in str(each["Resource"])
        ]

        assert ["kms:Decrypt", "kms:GenerateDataKey"] == found["Action"]
        assert "kms:ViaService" in found["Condition"]["StringEquals"]

    def test_errors_may_be_logged(self, stack):
        """
        To that group, and to streams that are there.
        """
        assert {"logs:PutLogEvents"} == allowed(stack, "Errors", "WorkerCleanPolicy")


def test_two_on_one_function_coexist(stack, worker):
    """
    Each with a role of its own, if they name themselves.
    """
    first = worker.add_event_source(FirehoseEventSource())
    second = worker.add_event_source(FirehoseEventSource(id="Other"))

    assert first.role.node.path != second.role.node.path
    with pytest.raises(ConfigurationError, match="'Other' is the id of another"):
        worker.add_event_source(FirehoseEventSource(id="Other"))


def test_tokens_pass(stack, worker):
    """
    CloudFormation knows them later.
    """
    number = Token.as_number({"Ref": "Number"})
    bucket = s3.Bucket(stack, "Lake")
    transformation = worker.add_event_source(
        FirehoseEventSource(
            buffer_interval=Duration.seconds(number),
            buffer_size=Size.mebibytes(number),
            retries=number,
        )
    )
    transformation.deliver_to(bucket)
    make_stream(stack, transformation, bucket)

    found = parameters(stack)
    assert [{"Ref": "Number"}] * 3 == [
        found[name]
        for name in ("BufferIntervalInSeconds", "BufferSizeInMBs", "NumberOfRetries")
    ]


def test_a_bucket_of_another_account_gets_what_is_its_own(worker):
    """
    Its owner has to be able to read the objects.

    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
    """
    stack = Stack(App(), "Here", env=Environment(account="111111111111"))
    transformation = make_function(stack).add_event_source(FirehoseEventSource())
    transformation.deliver_to(
        s3.Bucket.from_bucket_attributes(
            stack, "Theirs", account="222222222222", bucket_arn="arn:aws:s3:::theirs"
        )
    )

    assert "s3:PutObjectAcl" in allowed(stack, "theirs", POLICY)


def test_keys_and_logs_are_granted_only_where_there_are_some(stack, worker):
    """
    Nothing is allowed in advance.
    """
    transformation = worker.add_event_source(FirehoseEventSource())
    transformation.deliver_to(s3.Bucket(stack, "Lake"))

    actions = str(statements(stack, POLICY))
    assert "kms:" not in actions
    assert "logs:" not in actions


class TestFaults:
    @pytest.mark.parametrize("kibibytes", [204, 3_073])
    def test_fails_if_buffer_size_is_out_of_range(self, kibibytes):
        """
        CDK takes 6 MiB, which would not fit into a request.

        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
        """
        assert "buffer_size must be between 0.2 and 3 MiB" in (
            fault(buffer_size=Size.kibibytes(kibibytes))
        )

    def test_fails_if_buffer_interval_is_out_of_range(self):
        """
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
        """
        assert "buffer_interval must be between 0 and 900 s, got 901 s" == (
            fault(buffer_interval=Duration.seconds(901))
        )

    def test_fails_if_retries_are_negative(self):
        """
        0 is how to have none.
        """
        assert "retries must not be negative, got -1; pass 0 for none" == (
            fault(retries=-1)
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"retries": "3"}, "retries must be a whole number"),
            ({"buffer_size": 1}, "buffer_size must be a Size, as Size.mebibytes(1)"),
            ({"buffer_interval": 60}, "buffer_interval must be a Duration"),
            ({"id": 1}, "id must be text"),
        ],
    )
    def test_fails_if_a_type_is_wrong(self, options, message):
        """
        In the words of whoever called.
        """
        assert message in fault(**options)

    def test_fails_if_the_stream_may_deliver_nothing(self, stack, worker):
        """
        CDK's own grants do not reach the role, so somebody has to call deliver_to().
        """
        transformation = worker.add_event_source(FirehoseEventSource())
        make_stream(stack, transformation, s3.Bucket(stack, "Lake"))

        with pytest.raises(RuntimeError, match=r"Shop/Stream must .* deliver_to\(\)"):
            App.of(stack).synth()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"bucket": "lake"}, "bucket must be an S3 bucket, got 'lake'; pass it"),
            ({"bucket": None}, "bucket must be an S3 bucket, got None; pass it itself"),
            ({"key": "alias/lake"}, "key must be a KMS key, got 'alias/lake'; pass it"),
            ({"log_group": "errors"}, "log_group must be a log group, got 'errors'"),
            (
                {"prefixes": "data/"},
                "prefixes must be a list of one or more, got 'data/'; pass "
                "['data/', 'errors/'], or leave it out for all keys",
            ),
            ({"prefixes": []}, "prefixes must be a list of one or more, got []"),
            ({"prefixes": [1]}, "prefixes must be a list of one or more, got [1]"),
        ],
    )
    def test_fails_if_it_cannot_deliver_there(self, stack, worker, options, message):
        """
        A prefix in place of a list would allow each of its letters.
        """
        transformation = worker.add_event_source(FirehoseEventSource())
        options = {"bucket": s3.Bucket(stack, "Lake"), **options}

        with pytest.raises(ConfigurationError) as error:
            transformation.deliver_to(options.pop("bucket"), **options)

        assert str(error.value).startswith(f"Shop/Worker/Firehose: {message}")

    def test_fails_if_the_destination_has_another_role(self, stack, worker):
        """
        It could not invoke the function.
        """
        bucket = s3.Bucket(stack, "Lake")
        transformation = worker.add_event_source(FirehoseEventSource())
        other = worker.add_event_source(FirehoseEventSource(id="Other"))
        make_stream(stack, transformation, bucket, role=other.role)

        with pytest.raises(RuntimeError, match="must have the role of Shop/Worker/F"):
            App.of(stack).synth()

    @pytest.mark.parametrize("what", ["region", "account"])
    def test_fails_if_the_stream_is_elsewhere(self, what):
        """
        The role is for streams of one Region and account.
        """
        app = App()
        places = [("eu-west-1", "eu-west-2"), ("111111111111", "222222222222")]
        here, there = places[what == "account"]
        worker = make_function(Stack(app, "Here", env=Environment(**{what: here})))
        transformation = worker.add_event_source(FirehoseEventSource())
        other = Stack(app, "There", env=Environment(**{what: there}))

        transformation.bind(other, role=transformation.role)

        with pytest.raises(RuntimeError, match=f"in the function's {what} {here}, got"):
            app.synth()

    def test_fails_if_the_function_keeps_tenants_apart(self, stack):
        """
        No batch names a tenant.
        """
        tenants = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="takes no events"):
            tenants.add_event_source(FirehoseEventSource())

    def test_warns_of_a_function_that_takes_more_than_five_minutes(self, stack):
        """
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
        """
        slow = make_function(stack, timeout=Duration.seconds(301))
        slow.add_event_source(FirehoseEventSource())

        Annotations.from_stack(stack).has_warning(
            "*", Match.string_like_regexp("Firehose waits 300 s .*firehose-timeout")
        )


def test_five_minutes_are_fine(stack):
    """
    The end is allowed.
    """
    make_function(stack, timeout=Duration.minutes(5)).add_event_source(
        FirehoseEventSource()
    )

    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())
