"""What is deployed is what the template says."""

from __future__ import annotations

import pytest
from aws_cdk import App, CfnOutput, CfnResource, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambda_constructs.testing import AccountError

from .conftest import CONTEXT, make_function


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def test_a_stack_s_class_is_synthesized_and_deployed(account):
    """
    As a test has it most briefly.
    """

    class ShopStack(Stack):
        def __init__(self, scope, id):
            super().__init__(scope, id)
            sqs.Queue(self, "Queue")

    shop = account.deploy(ShopStack)

    assert "Shop" == shop.name
    assert [] == shop.queue("Queue").bodies()


def test_a_template_is_deployed_as_it_is(account):
    """
    Whoever wrote it.
    """
    shop = account.deploy({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})

    shop.queue("Queue").send("x")

    assert ["x"] == shop.queue("Queue").bodies()


def test_stacks_of_an_assembly_are_deployed_after_what_they_import(account):
    """
    References between them are exports and imports, whatever comes first.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-importvalue.html
    """
    app = App(context=CONTEXT)
    shop, data = Stack(app, "Shop"), Stack(app, "Warehouse")
    table = dynamodb.Table(
        data,
        "Orders",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    )
    make_function(
        shop,
        "import os\ndef handler(event, context): return os.environ['TABLE']",
        environment={"TABLE": table.table_name},
    )

    deployed = account.deploy(app.synth())

    named = deployed.function("Worker").invoke({}).payload
    tables = account.client("dynamodb").list_tables()["TableNames"]
    assert [named] == tables


def test_what_has_a_false_condition_is_not_created(account):
    """
    And a parameter decides.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
    """
    template = {
        "Parameters": {"Stage": {"Type": "String", "Default": "test"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Audit": {"Type": "AWS::SQS::Queue", "Condition": "IsProd"},
        },
    }

    with pytest.raises(AccountError, match="has no queue 'Audit'; it has none"):
        account.deploy(template).queue("Audit")

    assert 0 == len(
        account.deploy(template, parameters={"Stage": "prod"}).queue("Audit")
    )


def test_an_output_with_a_false_condition_is_not_exported(account):
    """
    Another stack may export the same name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html
    """
    output = {"Condition": "Never", "Value": "x", "Export": {"Name": "Shared"}}
    kept = {"Value": "y"}

    shop = account.deploy(
        {
            "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
            "Resources": {},
            "Outputs": {"Gone": output, "Kept": kept},
        }
    )

    assert {"Kept": "y"} == shop.outputs
    assert {} == account.exports


def test_policies_streams_keys_and_expiry_land(account, stack):
    """
    What moto's own CloudFormation leaves out is there.
    """
    queue = sqs.Queue(stack, "Queue", enforce_ssl=True)
    sns.Topic(stack, "Topic", enforce_ssl=True, master_key=kms.Key(stack, "Key"))
    bucket = s3.Bucket(stack, "Bucket", enforce_ssl=True, versioned=True)
    dynamodb.TableV2(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
        time_to_live_attribute="gone",
    )
    CfnOutput(stack, "QueueUrl", value=queue.queue_url)
    CfnOutput(stack, "BucketArn", value=bucket.bucket_arn)

    shop = account.deploy(stack)

    url = shop.physical_id("Queue", "AWS::SQS::Queue")
    name = shop.physical_id("Table")
    topic = account.client("sns").get_topic_attributes(
        TopicArn=shop.physical_id("Topic", "AWS::SNS::Topic")
    )["Attributes"]
    ttl = account.client("dynamodb").describe_time_to_live(TableName=name)
    described = account.client("dynamodb").describe_table(TableName=name)["Table"]
    policy = account.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["Policy"]
    )["Attributes"]["Policy"]
    assert {"QueueUrl": url, "BucketArn": shop.outputs["BucketArn"]} == shop.outputs
    assert "aws:SecureTransport" in policy
    assert "aws:SecureTransport" in topic["Policy"]
    assert topic["KmsMasterKeyId"]
    assert "gone" == ttl["TimeToLiveDescription"]["AttributeName"]
    assert described["LatestStreamArn"]
    assert {} == account.unmodelled


def test_what_is_not_modelled_is_listed(account, stack):
    """
    And a reference to it resolves to a name that says so.
    """
    network = CfnResource(stack, "Net", type="AWS::EC2::VPC")
    CfnOutput(stack, "NetArn", value=network.get_att("Arn").to_string())

    shop = account.deploy(stack)

    assert {"Net": "AWS::EC2::VPC"} == account.unmodelled
    assert "arn:aws:unmodelled:::Net/Arn" == shop.outputs["NetArn"]


def test_a_function_is_found_by_the_path_of_its_construct(account, stack):
    """
    Or by that of what lies in it, or by its logical id.
    """
    worker = make_function(stack, "def handler(event, context): ...")
    logical_id = stack.get_logical_id(worker.function.node.default_child)

    shop = account.deploy(stack)

    names = {
        shop.function(path).state.name
        for path in ("Worker", "Worker/Function", logical_id)
    }
    assert 1 == len(names)


def test_fails_if_a_name_is_not_there_and_gives_the_nearest(account, stack):
    """
    Among those of its kind.
    """
    sqs.Queue(stack, "Orders")
    sns.Topic(stack, "Order")
    shop = account.deploy(stack)

    with pytest.raises(AccountError) as error:
        shop.queue("Ordres")

    assert "Shop has no queue 'Ordres'; did you mean Orders?" == str(error.value)


def test_fails_if_a_function_has_no_package_beside_its_template(account):
    """
    A template alone brings no code.
    """
    template = {
        "Resources": {
            "Worker": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Code": {"S3Key": "x"}, "Role": "r", "Handler": "a.b"},
            }
        }
    }

    with pytest.raises(AccountError, match="Worker has no deployment package beside"):
        account.deploy(template)


def test_fails_if_the_template_goes_in_circles(account):
    """
    With the way round.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    """
    template = {
        "Resources": {
            "A": {"Type": "AWS::SQS::Queue", "DependsOn": "B"},
            "B": {"Type": "AWS::SQS::Queue", "DependsOn": "A"},
        }
    }

    with pytest.raises(AccountError, match="circular dependency: A -> B -> A"):
        account.deploy(template)


def test_fails_if_a_folder_is_no_assembly(account, tmp_path):
    """
    The message says what to pass.
    """
    with pytest.raises(AccountError, match="is no cloud assembly"):
        account.deploy(tmp_path)


def test_fails_if_it_is_given_something_else(account):
    """
    A number, say.
    """
    with pytest.raises(AccountError, match="or a template, got int"):
        account.deploy(1)
