"""The prefix lists that AWS manages for gateway endpoints, by Region.

CloudFormation tells their ids of no resource, and a look-up takes credentials. They are
what `aws ec2 describe-managed-prefix-lists` gives in each Region; ids never change.

https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnMapping

from lambda_constructs._known import node_of, region_of, stack_of
from lambda_constructs.errors import ConfigurationError, is_token

if TYPE_CHECKING:
    from constructs import IConstruct

__all__: list[str] = []

ID = "ManagedPrefixLists"

PREFIX_LISTS = {
    "ap-northeast-1": {"dynamodb": "pl-78a54011", "s3": "pl-61a54008"},
    "ap-northeast-2": {"dynamodb": "pl-48a54021", "s3": "pl-78a54011"},
    "ap-south-1": {"dynamodb": "pl-66a7420f", "s3": "pl-78a54011"},
    "ap-southeast-1": {"dynamodb": "pl-67a5400e", "s3": "pl-6fa54006"},
    "ap-southeast-2": {"dynamodb": "pl-62a5400b", "s3": "pl-6ca54005"},
    "ca-central-1": {"dynamodb": "pl-4ea54027", "s3": "pl-7da54014"},
    "eu-central-1": {"dynamodb": "pl-66a5400f", "s3": "pl-6ea54007"},
    "eu-north-1": {"dynamodb": "pl-adae4bc4", "s3": "pl-c3aa4faa"},
    "eu-west-1": {"dynamodb": "pl-6fa54006", "s3": "pl-6da54004"},
    "eu-west-2": {"dynamodb": "pl-b3a742da", "s3": "pl-7ca54015"},
    "eu-west-3": {"dynamodb": "pl-abb451c2", "s3": "pl-23ad484a"},
    "sa-east-1": {"dynamodb": "pl-60a54009", "s3": "pl-6aa54003"},
    "us-east-1": {"dynamodb": "pl-02cd2c6b", "s3": "pl-63a5400a"},
    "us-east-2": {"dynamodb": "pl-4ca54025", "s3": "pl-7ba54012"},
    "us-west-1": {"dynamodb": "pl-6ea54007", "s3": "pl-6ba54002"},
    "us-west-2": {"dynamodb": "pl-00a54069", "s3": "pl-68a54001"},
}


def prefix_list(service: str, scope: IConstruct) -> str:
    """Give the id of the list of *service* in the Region of *scope*.

    Where the Region is not known yet, a mapping tells it, without which no deployment
    begins.

    Raises:
        ConfigurationError: The list of that Region is not known here.
    """
    stack = stack_of(scope)
    if is_token(region_of(stack)):
        found = node_of(stack).try_find_child(ID)
        lists = found or CfnMapping(stack, ID, mapping=PREFIX_LISTS)
        return str(lists.find_in_map(region_of(stack), service))  # type: ignore[attr-defined]
    if region_of(stack) not in PREFIX_LISTS:
        raise ConfigurationError(
            f"the prefix list of {service} in {region_of(stack)} is not known here, to "
            "which alone the security group would be open; pass security_groups= with "
            "one that names it",
            scope=scope,
        )
    return PREFIX_LISTS[region_of(stack)][service]
