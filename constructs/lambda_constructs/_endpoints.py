"""The endpoints of a VPC by which functions without another way reach AWS's services.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from aws_cdk import Aws, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

__all__: list[str] = []

GATEWAYS = {"dynamodb": "DYNAMODB", "s3": "S3"}
"""Free, by the service that an action names; and CDK's name for each."""

INTERFACES = {
    "cloudwatch": "CLOUDWATCH_MONITORING",
    "codecommit": "CODECOMMIT",
    "codepipeline": "CODEPIPELINE",
    "config": "CONFIG",
    "ec2": "EC2",
    "events": "EVENTBRIDGE",
    "execute-api": "APIGATEWAY",
    "firehose": "KINESIS_FIREHOSE",
    "kinesis": "KINESIS_STREAMS",
    "kms": "KMS",
    "lambda": "LAMBDA",
    "logs": "CLOUDWATCH_LOGS",
    "rekognition": "REKOGNITION",
    "secretsmanager": "SECRETS_MANAGER",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SSM",
    "states": "STEP_FUNCTIONS",
    "sts": "STS",
    "textract": "TEXTRACT",
}
"""With a price for each hour and Availability Zone."""

GROUP = "EndpointSecurityGroup"


def camel(service: str) -> str:
    """Give the service as a part of an id: execute-api as ExecuteApi."""
    return service.title().replace("-", "")


def service_name(service: str) -> str:
    """Give the name by which an endpoint of *service* is asked for."""
    if service in GATEWAYS:
        return str(_gateway(service).name)
    return str(_interface(service).name)


def existing(vpc: ec2.IVpc, service: str) -> ec2.CfnVPCEndpoint | None:
    """Give the endpoint of *service* that the app gives *vpc*, if there is one."""
    return next(all_of(vpc, service), None)


def all_of(vpc: ec2.IVpc, service: str) -> Iterator[ec2.CfnVPCEndpoint]:
    """Give the endpoints of *service* in *vpc*, of whoever made them."""
    stack = Stack.of(vpc)
    kind = "Gateway" if service in GATEWAYS else "Interface"
    wanted = stack.resolve([vpc.vpc_id, service_name(service)])
    for each in stack.node.find_all():
        if (
            isinstance(each, ec2.CfnVPCEndpoint)
            and each.service_name
            and (each.vpc_endpoint_type or "Gateway") == kind
            and stack.resolve([each.vpc_id, each.service_name]) == wanted
        ):
            yield each


def make(vpc: ec2.Vpc, service: str, subnets: list[ec2.ISubnet]) -> ec2.CfnVPCEndpoint:
    """Give *vpc* an endpoint of *service*, for principals of this account alone."""
    id = f"{camel(service)}Endpoint"
    made: ec2.VpcEndpoint
    if service in GATEWAYS:
        made = ec2.GatewayVpcEndpoint(
            vpc,
            id,
            vpc=vpc,
            service=_gateway(service),
            subnets=[ec2.SubnetSelection(subnets=subnets)],
        )
    else:
        made = ec2.InterfaceVpcEndpoint(
            vpc,
            id,
            vpc=vpc,
            service=_interface(service),
            open=False,
            security_groups=[_group(vpc)],
            subnets=ec2.SubnetSelection(subnets=subnets),
        )
    # Whoever gets hold of the function takes no credentials of another account along.
    own = {"StringEquals": {"aws:PrincipalAccount": Stack.of(vpc).account}}
    made.add_to_policy(_anybody("*", "*", own))
    return cast("ec2.CfnVPCEndpoint", made.node.default_child)


def extend(endpoint: ec2.CfnVPCEndpoint, subnets: list[ec2.ISubnet]) -> None:
    """Have the subnets' routes lead to a gateway endpoint as well."""
    known = list(endpoint.route_table_ids or [])
    asked = [each.route_table.route_table_id for each in subnets]
    endpoint.route_table_ids = [*dict.fromkeys([*known, *asked])]


def let_answer_cloudformation(endpoint: ec2.CfnVPCEndpoint) -> None:
    """Let answers of custom resources pass, which CloudFormation itself has signed.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    """
    region = Fn.join("", Fn.split("-", Aws.REGION))
    name = f"cloudformation-custom-resource-response-{region}"
    gateway = cast("ec2.GatewayVpcEndpoint", endpoint.node.scope)
    gateway.add_to_policy(
        _anybody("s3:PutObject", f"arn:{Aws.PARTITION}:s3:::{name}/*", {})
    )


def _anybody(
    action: str, resource: str, conditions: Mapping[str, object]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=[action],
        principals=[iam.AnyPrincipal()],
        resources=[resource],
        conditions=dict(conditions),
    )


def _group(vpc: ec2.Vpc) -> ec2.SecurityGroup:
    found = vpc.node.try_find_child(GROUP)
    if isinstance(found, ec2.SecurityGroup):
        return found
    group = ec2.SecurityGroup(
        vpc,
        GROUP,
        vpc=vpc,
        allow_all_outbound=False,
        description="Endpoints of AWS services",
    )
    group.add_ingress_rule(
        ec2.Peer.ipv4(vpc.vpc_cidr_block), ec2.Port.tcp(443), "HTTPS of the VPC"
    )
    return group


def _gateway(service: str) -> ec2.GatewayVpcEndpointAwsService:
    kinds = ec2.GatewayVpcEndpointAwsService
    return cast("ec2.GatewayVpcEndpointAwsService", getattr(kinds, GATEWAYS[service]))


def _interface(service: str) -> ec2.InterfaceVpcEndpointAwsService:
    kinds = ec2.InterfaceVpcEndpointAwsService
    found = getattr(kinds, INTERFACES[service])
    return cast("ec2.InterfaceVpcEndpointAwsService", found)
