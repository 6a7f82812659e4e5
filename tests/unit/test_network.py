"""A function in a VPC: isolated, and with a way to exactly what it calls."""

from __future__ import annotations

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from lambda_constructs import AsyncInvoke, ConfigurationError, LambdaFunction, Practice
from lambda_constructs.event_sources import (
    CloudFormationEventSource,
    ConfigEventSource,
    SqsEventSource,
)
from tests.unit.conftest import is_warned, make_function, only, resources, statements

ENDPOINT = "AWS::EC2::VPCEndpoint"
GROUP = "AWS::EC2::SecurityGroup"
FUNCTION = "AWS::Lambda::Function"
WITH_EGRESS = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
NOWHERE = {
    "CidrIp": "127.0.0.1/32",
    "Description": "Nowhere else",
    "FromPort": 443,
    "IpProtocol": "tcp",
    "ToPort": 443,
}
NOTHING = {
    "CidrIp": "255.255.255.255/32",
    "Description": "Disallow all traffic",
    "FromPort": 252,
    "IpProtocol": "icmp",
    "ToPort": 86,
}


def make_vpc(stack: Stack, id: str = "Net", **options: object) -> ec2.Vpc:
    """Public and isolated subnets in two Availability Zones."""
    return ec2.Vpc(stack, id, **{"max_azs": 2, "nat_gateways": 0, **options})


def make_table(stack: Stack) -> dynamodb.TableV2:
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    return dynamodb.TableV2(stack, "Table", partition_key=key)


def outward(stack: Stack, group: str = "Worker") -> list[dict]:
    """The rules by which a group, told by its id's beginning, lets anything out."""
    (found,) = [
        each["Properties"]["SecurityGroupEgress"]
        for id, each in resources(stack, GROUP).items()
        if id.startswith(group)
    ]
    return found


def services(stack: Stack) -> dict[str, dict]:
    """The endpoints' properties, by the last part of what they lead to."""
    return {
        each["Properties"]["ServiceName"]["Fn::Join"][1][-1].strip("."): (
            each["Properties"]
        )
        for each in resources(stack, ENDPOINT).values()
    }


class TestCalls:
    """A function that calls two services with free endpoints, and one without."""

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        queue = sqs.Queue(stack, "Outbox")
        worker = make_function(
            stack, vpc=make_vpc(stack), async_invoke=AsyncInvoke(retry_attempts=0)
        )
        worker.allow("dynamodb:GetItem", on=make_table(stack))
        s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key")).grant_read(
            worker
        )
        worker.allow("sqs:SendMessage", on=queue)
        worker.allow("sqs:GetQueueUrl", on=queue)
        return stack

    def test_it_is_in_the_isolated_subnets(self, stack):
        """
        In each of them, and in no other.
        """
        subnets = only(stack, FUNCTION)["VpcConfig"]["SubnetIds"]

        assert 2 == len(subnets)
        assert all("Isolated" in each["Ref"] for each in subnets)

    def test_the_vpc_has_an_endpoint_of_each_service_that_is_called(self, stack):
        """
        The bucket's key is used by S3, the failure queue by Lambda, and logs and
        traces go their own way: for them there is none.
        """
        found = services(stack)

        assert {"dynamodb": "Gateway", "s3": "Gateway", "sqs": "Interface"} == {
            name: each["VpcEndpointType"] for name, each in found.items()
        }
        assert all("Isolated" in str(each) for each in found["s3"]["RouteTableIds"])
        assert 2 == len(found["s3"]["RouteTableIds"]) == len(found["sqs"]["SubnetIds"])
        assert found["sqs"]["PrivateDnsEnabled"] is True

    def test_endpoints_are_for_this_account_s_principals(self, stack):
        """
        https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
        """
        for endpoint in services(stack).values():
            (statement,) = endpoint["PolicyDocument"]["Statement"]
            assert {
                "StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}
            } == statement["Condition"]

    def test_its_group_is_open_to_the_endpoints_alone(self, stack):
        """
        A rule that leads nowhere stays in the group: one without any is open.
        """
        nowhere, *rules = outward(stack)
        table, bucket, queue = rules

        assert NOWHERE == nowhere
        for rule, name in ((table, "dynamodb"), (bucket, "s3")):
            region = {"Ref": "AWS::Region"}
            assert {"Fn::FindInMap": ["ManagedPrefixLists", region, name]} == (
                rule["DestinationPrefixListId"]
            )
        (target, _) = queue["DestinationSecurityGroupId"]["Fn::GetAtt"]
        assert target.startswith("NetEndpointSecurityGroup")
        assert {("tcp", 443, 443)} == {
            (each["IpProtocol"], each["FromPort"], each["ToPort"]) for each in rules
        }

    def test_the_endpoints_group_takes_https_of_the_vpc_alone(self, stack):
        """
        And opens nothing itself.
        """
        (group,) = [
            each["Properties"]
            for name, each in resources(stack, GROUP).items()
            if name.startswith("NetEndpoint")
        ]
        (rule,) = group["SecurityGroupIngress"]

        assert [NOTHING] == group["SecurityGroupEgress"]
        assert (443, 443, "tcp") == (
            rule["FromPort"],
            rule["ToPort"],
            rule["IpProtocol"],
        )
        assert "CidrBlock" in str(rule["CidrIp"])

    def test_nobody_invokes_it_before_there_is_a_way(self, stack):
        """
        The alias waits for the endpoints, and by the function for the rules.
        """
        (alias,) = resources(stack, "AWS::Lambda::Alias").values()

        assert resources(stack, ENDPOINT).keys() <= set(alias["DependsOn"])
        assert {} == resources(stack, "AWS::EC2::SecurityGroupEgress")

    def test_the_permissions_outlive_the_network_interfaces(self, stack):
        """
        Lambda removes them with the role, minutes after the function is gone, and the
        security group waits for that: so the group goes before the policy.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        """
        ((name, policy),) = [
            item
            for item in resources(stack, "AWS::IAM::ManagedPolicy").items()
            if "CreationPolicy" in item[0]
        ]
        (group,) = [
            each for id, each in resources(stack, GROUP).items() if id[:6] == "Worker"
        ]

        assert name in group["DependsOn"]
        assert "WorkerRole" in policy["Properties"]["Roles"][0]["Ref"]

    def test_lambda_may_make_interfaces_and_the_code_may_not(self, stack):
        """
        https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        """
        (grant,) = statements(stack, "WorkerCreationPolicy")
        (denial,) = [each for each in statements(stack) if each["Effect"] == "Deny"]

        assert (
            {
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            }
            == set(grant["Action"])
            == set(denial["Action"])
        )
        assert "lambda:SourceFunctionArn" in denial["Condition"]["ArnEquals"]

    def test_what_is_paid_by_the_hour_warns(self, stack):
        """
        The free ones do not.
        """
        assert is_warned(stack, Practice.VPC_ENDPOINT_COST)
        assert not is_warned(stack, Practice.VPC_ENDPOINTS)


def test_what_lambda_does_itself_needs_no_endpoint(stack):
    """
    It polls, and sends what failed, by its own network.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    worker = make_function(stack, vpc=make_vpc(stack))

    worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))

    assert {} == resources(stack, ENDPOINT)
    assert not is_warned(stack, Practice.VPC_ENDPOINT_COST)


def test_functions_share_the_endpoints_of_their_vpc(stack):
    """
    One for each service; the routes of other subnets lead there, too.
    """
    vpc = make_vpc(
        stack,
        subnet_configuration=[
            ec2.SubnetConfiguration(
                name=name, subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
            )
            for name in ("Front", "Back")
        ],
    )
    table, queue = make_table(stack), sqs.Queue(stack, "Queue")
    for name in ("Front", "Back"):
        subnets = ec2.SubnetSelection(subnet_group_name=name)
        worker = make_function(stack, name, vpc=vpc, vpc_subnets=subnets)
        worker.allow("dynamodb:GetItem", on=table)
        worker.allow("sqs:SendMessage", on=queue)

    found = services(stack)
    assert {"dynamodb", "sqs"} == found.keys()
    assert 4 == len(found["dynamodb"]["RouteTableIds"])
    for name in ("Front", "Back"):
        assert 3 == len(outward(stack, name))


def test_an_endpoint_that_is_there_is_used(stack):
    """
    Whoever made it, under whatever name, and with the security group that it has.
    """
    vpc = make_vpc(stack)
    own = ec2.InterfaceVpcEndpoint(
        stack, "Mine", vpc=vpc, service=ec2.InterfaceVpcEndpointAwsService.SQS
    )
    worker = make_function(stack, vpc=vpc)
    worker.allow("sqs:SendMessage", on=sqs.Queue(stack, "Queue"))

    (endpoint,) = resources(stack, ENDPOINT)
    (_, rule) = outward(stack)
    assert endpoint.startswith("Mine")
    assert "Mine" in str(rule["DestinationSecurityGroupId"])
    assert own.node.default_child is not None
    assert not is_warned(stack, Practice.VPC_ENDPOINT_COST)


def test_an_interface_endpoint_of_s3_is_no_route(stack):
    """
    S3 has both kinds, under one name.
    """
    vpc = make_vpc(stack)
    vpc.add_interface_endpoint("Mine", service=ec2.InterfaceVpcEndpointAwsService.S3)
    worker = make_function(stack, vpc=vpc)
    worker.allow("s3:GetObject", on=s3.Bucket(stack, "Bucket"))

    kinds = [
        each["Properties"]["VpcEndpointType"]
        for each in resources(stack, ENDPOINT).values()
    ]
    assert ["Gateway", "Interface"] == sorted(kinds)


def test_fails_if_another_endpoint_is_made_later(stack):
    """
    AWS refuses the second one, for its private name is taken.
    """
    vpc = make_vpc(stack)
    worker = make_function(stack, vpc=vpc)
    worker.allow("sqs:SendMessage", on=sqs.Queue(stack, "Queue"))
    vpc.add_interface_endpoint("Later", service=ec2.InterfaceVpcEndpointAwsService.SQS)

    with pytest.raises(RuntimeError, match="Shop/Net has 2 endpoints of sqs, of which"):
        Template.from_stack(stack)


def test_secrets_initial_policy_and_answers_are_calls(stack):
    """
    All that the code itself asks for, by whatever method it was allowed.
    """
    worker = make_function(
        stack,
        vpc=make_vpc(stack),
        initial_policy=[
            iam.PolicyStatement(
                actions=["kinesis:PutRecord"],
                resources=["arn:aws:kinesis:eu-west-1:123456789012:stream/s"],
            )
        ],
    )
    worker.add_secret(secretsmanager.Secret(stack, "Secret"), variable="SECRET_ARN")
    worker.add_event_source(ConfigEventSource(configuration_changes=True))
    worker.allow("kms:Decrypt", on=kms.Key(stack, "Key"))

    assert {"config", "kinesis-streams", "kms", "secretsmanager"} == (
        services(stack).keys()
    )


def test_custom_resources_are_answered_through_the_endpoint_of_s3(stack):
    """
    By a URL that CloudFormation has signed, so the account's principals are not all.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    """
    worker = make_function(stack, vpc=make_vpc(stack))

    worker.add_event_source(CloudFormationEventSource("Custom::Rows"))

    _, answer = services(stack)["s3"]["PolicyDocument"]["Statement"]
    assert "s3:PutObject" == answer["Action"]
    assert "cloudformation-custom-resource-response-" in str(answer["Resource"])
    assert not is_warned(stack, Practice.CUSTOM_RESOURCE_VPC)


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_known_region_names_its_prefix_list(region):
    """
    Without a mapping.
    """
    stack = Stack(App(), "Shop", env=Environment(region=region))
    worker = make_function(stack, vpc=make_vpc(stack))
    worker.allow("s3:GetObject", on=s3.Bucket(stack, "Bucket"))

    (_, rule) = outward(stack)
    lists = {"eu-west-1": "pl-6da54004", "us-east-1": "pl-63a5400a"}
    assert lists[region] == rule["DestinationPrefixListId"]
    assert "Mappings" not in Template.from_stack(stack).to_json()


def test_fails_if_the_region_s_prefix_list_is_not_known():
    """
    Before a deployment finds out.
    """
    stack = Stack(App(), "Shop", env=Environment(region="mx-central-1"))
    worker = make_function(stack, vpc=make_vpc(stack))
    bucket = s3.Bucket(stack, "Bucket")

    with pytest.raises(
        ConfigurationError,
        match=r"prefix list of s3 in mx-central-1 is not known here.*security_groups=",
    ):
        worker.allow("s3:GetObject", on=bucket)


def test_a_group_of_the_caller_s_is_left_as_it_is(stack):
    """
    The endpoints are made all the same.
    """
    vpc = make_vpc(stack)
    group = ec2.SecurityGroup(stack, "Mine", vpc=vpc, allow_all_outbound=False)
    worker = make_function(stack, vpc=vpc, security_groups=[group])
    worker.allow("s3:GetObject", on=s3.Bucket(stack, "Bucket"))

    assert {"s3"} == services(stack).keys()
    assert [NOTHING] == outward(stack, "Mine")
    assert 1 == len(resources(stack, GROUP))


def test_a_rule_for_a_database_opens_nothing_else(stack):
    """
    CDK drops the rule by which its groups allow nothing when it adds this one.
    """
    vpc = make_vpc(stack)
    worker = make_function(stack, vpc=vpc)
    database = ec2.SecurityGroup(stack, "Database", vpc=vpc, allow_all_outbound=False)

    worker.function.connections.allow_to(database, ec2.Port.tcp(5432))

    (rule,) = resources(stack, "AWS::EC2::SecurityGroupEgress").values()
    assert [NOWHERE] == outward(stack)
    assert 5432 == rule["Properties"]["ToPort"]


def test_subnets_with_a_way_out_get_no_endpoints(stack):
    """
    Who chooses them pays for the way already, and says that the group is open.
    """
    vpc = ec2.Vpc(stack, "Net", max_azs=2)
    worker = make_function(
        stack, vpc=vpc, vpc_subnets=WITH_EGRESS, allow_all_outbound=True
    )
    worker.allow("sqs:SendMessage", on=sqs.Queue(stack, "Queue"))

    assert {} == resources(stack, ENDPOINT)
    (group,) = resources(stack, GROUP).values()
    assert "0.0.0.0/0" == group["Properties"]["SecurityGroupEgress"][0]["CidrIp"]


def test_an_imported_vpc_is_not_known_and_warns(stack):
    """
    Of what it lacks, nothing can be seen here.
    """
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Net",
        vpc_id="vpc-1",
        availability_zones=["a"],
        isolated_subnet_ids=["subnet-1"],
        isolated_subnet_route_table_ids=["rtb-1"],
    )
    worker = make_function(stack, vpc=vpc)
    worker.allow("sqs:SendMessage", on=sqs.Queue(stack, "Queue"))

    assert is_warned(stack, Practice.VPC_ENDPOINTS)
    assert {} == resources(stack, ENDPOINT)


def test_a_service_without_a_known_endpoint_warns(stack):
    """
    The call would time out.
    """
    worker = make_function(stack, vpc=make_vpc(stack))
    arn = "arn:aws:iot:eu-west-1:123456789012:topic/a"

    worker.allow("iot:Publish", on=arn)

    assert is_warned(stack, Practice.VPC_ENDPOINTS)


def test_the_vpc_may_be_in_another_stack():
    """
    Its endpoints are, too; the rules are the function's, so that no stack needs both.
    """
    app = App(context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    network, shop = Stack(app, "Network"), Stack(app, "Shop")
    worker: LambdaFunction = make_function(shop, vpc=make_vpc(network))
    worker.allow("sqs:SendMessage", on=sqs.Queue(shop, "Queue"))

    assert {"sqs"} == services(network).keys()
    assert {} == resources(shop, ENDPOINT)
    assert 2 == len(outward(shop))


def test_fails_if_there_are_no_isolated_subnets(stack):
    """
    With what to do.
    """
    with pytest.raises(ConfigurationError) as error:
        make_function(stack, vpc=ec2.Vpc(stack, "Net", max_azs=1))

    assert (
        "Shop/Worker: vpc Shop/Net has no isolated subnets; give it some, by "
        "SubnetConfiguration(name=..., subnet_type=SubnetType.PRIVATE_ISOLATED), or "
        "pass vpc_subnets="
    ) == str(error.value)


def test_fails_if_the_way_out_that_was_chosen_is_shut(stack):
    """
    Every call would time out.
    """
    with pytest.raises(
        ConfigurationError, match="vpc_subnets have a way out, which the function's own"
    ):
        make_function(
            stack, vpc=ec2.Vpc(stack, "Net", max_azs=1), vpc_subnets=WITH_EGRESS
        )
