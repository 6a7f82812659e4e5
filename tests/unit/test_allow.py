"""allow() grants exactly what it is told, on exactly that resource."""

from __future__ import annotations

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn

from lambda_constructs import ConfigurationError
from lambda_constructs._unscoped import UNSCOPED
from tests.unit.conftest import allowed, make_function, resources, statements


def table(stack):
    return dynamodb.TableV2(
        stack,
        "Target",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    )


TARGETS = {
    "dynamodb:PutItem": table,
    "events:PutEvents": lambda stack: events.EventBus(stack, "Target"),
    "kinesis:PutRecord": lambda stack: kinesis.Stream(stack, "Target"),
    "kms:Decrypt": lambda stack: kms.Key(stack, "Target"),
    "lambda:InvokeFunction": lambda stack: make_function(stack, "Target").live,
    "s3:ListBucket": lambda stack: s3.Bucket(stack, "Target"),
    "secretsmanager:GetSecretValue": lambda stack: secretsmanager.Secret(
        stack, "Target"
    ),
    "sns:Publish": lambda stack: sns.Topic(stack, "Target"),
    "sqs:SendMessage": lambda stack: sqs.Queue(stack, "Target"),
    "ssm:GetParameter": lambda stack: ssm.StringParameter(
        stack, "Target", string_value="x"
    ),
    "states:StartExecution": lambda stack: sfn.StateMachine(
        stack, "Target", definition_body=sfn.DefinitionBody.from_string("{}")
    ),
}


@pytest.mark.parametrize("action", TARGETS)
def test_allows_the_one_action_on_the_one_resource(stack, worker, action):
    """
    Nothing is added, for any of the services that it knows.
    """
    worker.allow(action, on=TARGETS[action](stack))

    assert {action} == allowed(stack, "Target")


def test_object_actions_are_allowed_on_objects_and_bucket_actions_on_the_bucket(
    stack, worker
):
    """
    s3:GetObject on the bucket itself would allow nothing.
    """
    worker.allow("s3:GetObject", "s3:ListBucket", on=s3.Bucket(stack, "Target"))

    on = {each["Action"]: each["Resource"] for each in statements(stack)[2:]}
    assert {"Fn::GetAtt"} == on["s3:ListBucket"].keys()
    assert "/*" == on["s3:GetObject"]["Fn::Join"][1][-1]


@pytest.mark.parametrize(
    ("action", "on_objects"),
    [
        ("s3:PutObject", True),
        ("s3:DeleteObjectVersion", True),
        ("s3:AbortMultipartUpload", True),
        ("s3:BypassGovernanceRetention", True),
        ("s3:ReplicateDelete", True),
        ("s3:GetBucketLocation", False),
        ("s3:GetBucketObjectLockConfiguration", False),
        ("s3:ListBucketVersions", False),
    ],
)
def test_tells_object_actions_from_bucket_actions(stack, worker, action, on_objects):
    """
    By the names in the service authorization reference.
    """
    worker.allow(action, on=s3.Bucket(stack, "Target"))

    assert on_objects == ("/*" in str(statements(stack)[2]["Resource"]))


def test_an_arn_will_do(stack, worker):
    """
    For what CDK has no construct for.
    """
    arn = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_x"

    worker.allow("cognito-idp:AdminGetUser", on=arn)

    assert {"cognito-idp:AdminGetUser"} == allowed(stack, arn)


def test_an_imported_resource_will_do(stack, worker):
    """
    Only its ARN is needed.
    """
    queue = sqs.Queue.from_queue_arn(
        stack, "Imported", "arn:aws:sqs:eu-west-1:111122223333:outbox"
    )

    worker.allow("sqs:SendMessage", on=queue)

    assert {"sqs:SendMessage"} == allowed(stack, ":outbox")


@pytest.mark.parametrize("action", ["*", "dynamodb:*", "dynamodb:Put*", "PutItem"])
def test_fails_if_an_action_is_not_one_whole_name(stack, worker, action):
    """
    A wildcard allows what the handler does not do.
    """
    with pytest.raises(ConfigurationError, match="must each be one whole name"):
        worker.allow(action, on=table(stack))


def test_fails_if_the_action_cannot_apply_to_the_resource(stack, worker):
    """
    It would be a grant that grants nothing.
    """
    with pytest.raises(ConfigurationError) as error:
        worker.allow("dynamodb:PutItem", on=sqs.Queue(stack, "Orders"))

    assert (
        "Shop/Worker: 'dynamodb:PutItem' acts on table "
        "(arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}), got "
        "Shop/Orders (Queue); pass the resource that the action is for, or its ARN"
    ) == str(error.value)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("dynamobd:PutItem", "of a service of AWS, got 'dynamobd:PutItem'; did you "),
        ("dynamobd:PutItem", "did you mean dynamodb? what is newer than 20"),
        ("dynamodb:PutItm", "must be in AWS's list, got 'dynamodb:PutItm'; did you me"),
        ("dynamodb:PutItm", "did you mean PutItem or UpdateItem or GetItem? what"),
        ("dynamodb:putitem", "did you mean PutItem or"),
        ("sqs:Xyzzy", "got 'sqs:Xyzzy'; what is newer than 20"),
    ],
)
def test_fails_if_an_action_is_not_in_aws_s_list_and_names_the_nearest(
    stack, worker, action, words
):
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    with pytest.raises(ConfigurationError) as error:
        worker.allow(action, on=table(stack))

    assert words in str(error.value)


def test_fails_if_a_text_is_not_an_arn(worker):
    """
    A name is not enough.
    """
    with pytest.raises(ConfigurationError, match="on must be a resource or its ARN"):
        worker.allow("dynamodb:PutItem", on="orders")


def test_fails_if_an_action_that_can_name_a_resource_is_for_every_one(worker):
    """
    A bare * is every resource there is.
    """
    with pytest.raises(
        ConfigurationError, match=r"acts on table .* got '\*'; name the"
    ):
        worker.allow("dynamodb:PutItem", on="*")


@pytest.mark.parametrize("action", ["sqs:ListQueues", *UNSCOPED])
def test_what_can_name_no_resource_is_allowed_on_every_one(stack, worker, action):
    """
    There is no other way to write it.
    """
    worker.allow(action, on="*")

    assert {"Action": action, "Effect": "Allow", "Resource": "*"} == (
        statements(stack)[-1]
    )


def test_fails_if_an_action_that_can_name_no_resource_is_on_one(stack, worker):
    """
    It would be a grant that grants nothing.
    """
    with pytest.raises(ConfigurationError) as error:
        worker.allow("sqs:ListQueues", on=sqs.Queue(stack, "Orders"))

    assert (
        "Shop/Worker: 'sqs:ListQueues' has no resource-level permissions, got "
        "Shop/Orders (Queue); allow it on='*', if the handler needs it"
    ) == str(error.value)


def test_fails_if_there_is_no_action(stack, worker):
    """
    A call that does nothing is a mistake.
    """
    with pytest.raises(ConfigurationError, match="needs one action or more"):
        worker.allow(on=table(stack))


def test_another_function_is_its_live_alias(stack, worker):
    """
    What every caller invokes.
    """
    worker.allow("lambda:InvokeFunction", on=make_function(stack, "Other"))

    assert {"lambda:InvokeFunction"} == allowed(stack, "OtherLive")


def test_a_secret_that_was_imported_by_name_gets_the_end_of_its_arn(stack, worker):
    """
    Six characters that only Secrets Manager knows.
    """
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Imported", "db")

    worker.allow("secretsmanager:GetSecretValue", on=secret)

    assert "secret:db-??????" in str(statements(stack)[2]["Resource"])


def test_the_stream_of_a_table_is_a_resource_of_its_own(stack, worker):
    """
    Reading it on the table would allow nothing.
    """
    streamed = dynamodb.TableV2(
        stack,
        "Target",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
    )

    worker.allow("dynamodb:GetRecords", on=streamed)

    assert "StreamArn" == statements(stack)[2]["Resource"]["Fn::GetAtt"][1]


def test_an_alias_of_a_key_stands_for_the_key(stack, worker):
    """
    IAM allows nothing by the ARN of an alias.
    """
    alias = kms.Alias(stack, "Alias", alias_name="q", target_key=kms.Key(stack, "Key"))

    worker.allow("kms:Decrypt", on=alias)

    assert {"kms:Decrypt"} == allowed(stack, "Key")


def test_fails_if_a_key_is_an_imported_alias(stack, worker):
    """
    Which key it is cannot be known.
    """
    alias = kms.Alias.from_alias_name(stack, "Alias", "alias/q")

    with pytest.raises(ConfigurationError, match="is an imported alias"):
        worker.allow("kms:Decrypt", on=alias)


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("dynamodb:PutItem", "arn:aws:s3:::orders"),
        ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:1:table/orders/index/x"),
        ("dynamodb:PutItem", "arn:aws:dynamodb:::table/orders"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:1:alias/orders"),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:1:log-group:/shop"),
        ("s3:GetObject", "arn:aws:s3:::orders"),
        ("s3:ListBucket", "arn:aws:s3:::orders/in/*"),
        ("sqs:SendMessage", "arn:aws:sns:eu-west-1:1:orders"),
        ("states:StartExecution", "arn:aws:states:eu-west-1:1:execution:flow:x"),
    ],
)
def test_fails_if_the_action_cannot_apply_to_the_arn(worker, action, arn):
    """
    It would be a grant that grants nothing.
    """
    with pytest.raises(ConfigurationError, match=f"{action}' acts on "):
        worker.allow(action, on=arn)


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:1:table/orders/index/*"),
        ("kafka-cluster:Connect", "arn:aws:kafka:eu-west-1:1:cluster/shop/1-2"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:1:function:f:live"),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:1:log-group:/shop:*"),
        ("rds-db:connect", "arn:aws:rds-db:eu-west-1:1:dbuser:db-X/app"),
        ("s3:GetObject", "arn:aws:s3:::orders/in/*.json"),
        ("s3:ListBucket", "arn:aws:s3:::orders"),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:x:1:secret:a-??????",
        ),
        ("ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:1:parameter/shop/*"),
        ("sts:AssumeRole", "arn:aws:iam::1:role/path/reader"),
    ],
)
def test_an_arn_of_the_action_s_own_kind_will_do(stack, worker, action, arn):
    """
    Also where actions and ARNs have different prefixes, and with wildcards.
    """
    worker.allow(action, on=arn)

    assert {action} == allowed(stack, arn)


class TestParts:
    """`at` names a part of a resource."""

    @pytest.mark.parametrize(
        ("action", "at", "target"),
        [
            ("dynamodb:Query", "index/by-day", table),
            ("kinesis:SubscribeToShard", "consumer/*", TARGETS["kinesis:PutRecord"]),
            ("s3:GetObject", "images/*", TARGETS["s3:ListBucket"]),
            ("ssm:GetParametersByPath", "*", TARGETS["ssm:GetParameter"]),
        ],
    )
    def test_a_part_is_after_a_slash(self, stack, worker, action, at, target):
        """
        An index of a table, a prefix of a bucket.
        """
        worker.allow(action, on=target(stack), at=at)

        (found,) = [s for s in statements(stack) if action == s["Action"]]
        assert f"/{at}" == found["Resource"]["Fn::Join"][1][-1]

    @pytest.mark.parametrize(
        ("action", "at", "target"),
        [
            ("dynamodb:PutItem", "index/by-day", table),
            ("dynamodb:Query", "stream/x", table),
            ("dynamodb:Query", "by-day", table),
            ("lambda:InvokeFunction", "x", TARGETS["lambda:InvokeFunction"]),
            ("sqs:SendMessage", "x", TARGETS["sqs:SendMessage"]),
            ("s3:ListBucket", "images/*", TARGETS["s3:ListBucket"]),
            ("sqs:SendMessage", "x", table),
        ],
    )
    def test_fails_if_the_action_is_not_for_such_a_part(
        self, stack, worker, action, at, target
    ):
        """
        No item is put into an index, no bucket is listed by the ARN of its objects.
        """
        with pytest.raises(ConfigurationError, match=f"'{action}' acts on"):
            worker.allow(action, on=target(stack), at=at)

    @pytest.mark.parametrize("at", ["", "/images", "arn:aws:s3:::x", 1])
    def test_fails_if_a_part_is_no_part(self, stack, worker, at):
        """
        The slash before it is the library's.
        """
        with pytest.raises(ConfigurationError, match="at must be what follows the"):
            worker.allow("s3:GetObject", on=s3.Bucket(stack, "Target"), at=at)

    def test_a_text_with_a_token_is_told_apart_by_its_end(self, stack, worker):
        """
        What a token stands for is not known, and what follows it is.
        """
        index = f"{table(stack).table_arn}/index/by-day"
        worker.allow("dynamodb:Query", on=index)

        with pytest.raises(ConfigurationError, match="'dynamodb:PutItem' acts on"):
            worker.allow("dynamodb:PutItem", on=index)
        assert {"dynamodb:Query"} == allowed(stack, "/index/by-day")


def test_executions_are_those_of_the_state_machine(stack, worker):
    """
    An execution has an ARN of its own, which begins with no other.
    """
    machine = TARGETS["states:StartExecution"](stack)

    worker.allow("states:StartExecution", "states:StopExecution", on=machine)

    of_machine, of_executions = statements(stack)[-2:]
    assert "states:StartExecution" == of_machine["Action"]
    assert {"Ref"} == of_machine["Resource"].keys()
    assert "states:StopExecution" == of_executions["Action"]
    assert ":execution:" in str(of_executions["Resource"])


def test_a_resource_of_another_service_is_told_apart(stack, worker):
    """
    CloudFront's functions have a function_arn, too.
    """
    code = cloudfront.FunctionCode.from_inline("x")
    function = cloudfront.Function(stack, "Target", code=code)

    with pytest.raises(ConfigurationError, match="'lambda:InvokeFunction' acts on"):
        worker.allow("lambda:InvokeFunction", on=function)


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (
            "ssm:GetParameter",
            lambda s: ssm.StringParameter.from_string_parameter_name(s, "I", "/a/b"),
        ),
        (
            "states:StartExecution",
            lambda s: sfn.StateMachine.from_state_machine_name(s, "I", "flow"),
        ),
        (
            "sns:Publish",
            lambda s: sns.Topic.from_topic_arn(s, "I", "arn:aws:sns:x:1:t"),
        ),
    ],
)
def test_what_is_imported_is_known_as_well(stack, worker, action, target):
    """
    Some of it is a proxy that does not tell what it has.
    """
    worker.allow(action, on=target(stack))

    assert action == statements(stack)[-1]["Action"]


class TestVia:
    """`via` names the service that uses a key for the handler."""

    def test_a_key_is_used_through_one_service(self, stack, worker):
        """
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
        """
        worker.allow("kms:Decrypt", on=kms.Key(stack, "Target"), via="sns")

        (via,) = statements(stack)[-1]["Condition"]["StringEquals"].values()
        assert "sns." == via["Fn::Join"][1][0]

    @pytest.mark.parametrize("via", ["", "snss", 1])
    def test_fails_if_there_is_no_such_service(self, stack, worker, via):
        """
        The condition would never hold.
        """
        with pytest.raises(ConfigurationError, match="via must be the service that"):
            worker.allow("kms:Decrypt", on=kms.Key(stack, "Target"), via=via)

    def test_fails_if_another_action_is_with_it(self, stack, worker):
        """
        Only KMS knows the condition.
        """
        with pytest.raises(ConfigurationError, match="via is for actions of kms, got"):
            worker.allow("sns:Publish", on=sns.Topic(stack, "Target"), via="sns")


def test_a_grant_that_needs_the_resource_s_policy_works(stack, worker):
    """
    An encrypted secret grants its key, whose policy names the role.
    """
    secret = secretsmanager.Secret(
        stack, "Target", encryption_key=kms.Key(stack, "Key")
    )

    secret.grant_read(worker)

    assert "secretsmanager:GetSecretValue" in allowed(stack, "Target")
    assert "WorkerRole" in str(resources(stack, "AWS::KMS::Key"))
