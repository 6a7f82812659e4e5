"""A function in a VPC: where it is, and what alone it reaches from there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import jsii
from aws_cdk import aws_ec2 as ec2

from lambda_constructs import _endpoints
from lambda_constructs._known import node_of, path_of
from lambda_constructs._prefix_lists import prefix_list
from lambda_constructs._validation import validate_at_the_end
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.practices import Practice

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from lambda_constructs._options import FunctionOptions
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

ISOLATED = ec2.SubnetType.PRIVATE_ISOLATED


def settle_network(scope: Construct, settings: FunctionOptions) -> None:
    """Choose isolated subnets and a closed security group, where nothing is said.

    Raises:
        ConfigurationError: There are none, or the function could reach nothing.
    """
    vpc = settings.get("vpc")
    if vpc is None:
        return
    if "vpc_subnets" not in settings:
        _require_isolated(scope, vpc)
        settings["vpc_subnets"] = ec2.SubnetSelection(subnet_type=ISOLATED)
    if settings.get("security_groups"):
        return
    if "allow_all_outbound" in settings:
        return
    if not _is_isolated(vpc, settings["vpc_subnets"]):
        raise ConfigurationError(
            "vpc_subnets have a way out, which the function's own security group does "
            "not open; pass security_groups= with one that does, or "
            "allow_all_outbound=True, or leave vpc_subnets out for isolated subnets "
            "with endpoints",
            scope=scope,
        )
    settings["allow_all_outbound"] = False


def _require_isolated(scope: Construct, vpc: ec2.Vpc | ec2.IVpc) -> None:
    try:
        vpc.select_subnets(subnet_type=ISOLATED)
    except RuntimeError:
        raise ConfigurationError(
            f"vpc {path_of(vpc)} has no isolated subnets; give it some, by "
            "SubnetConfiguration(name=..., subnet_type=SubnetType.PRIVATE_ISOLATED), "
            "or pass vpc_subnets=",
            scope=scope,
        ) from None


def _selected(
    vpc: ec2.Vpc | ec2.IVpc, chosen: ec2.SubnetSelection
) -> ec2.SelectedSubnets:
    return vpc.select_subnets(
        availability_zones=chosen.availability_zones,
        one_per_az=chosen.one_per_az,
        subnet_filters=chosen.subnet_filters,
        subnet_group_name=chosen.subnet_group_name,
        subnets=chosen.subnets,
        subnet_type=chosen.subnet_type,
    )


def _is_isolated(vpc: ec2.Vpc | ec2.IVpc, chosen: ec2.SubnetSelection) -> bool:
    isolated = {each.subnet_id for each in vpc.isolated_subnets}
    return isolated.issuperset(_selected(vpc, chosen).subnet_ids)


@jsii.implements(ec2.IPeer)
class _Peer:
    """What a group is open to, by a rule of the group itself.

    CDK makes a resource of each rule for another group or a prefix list.
    """

    def __init__(self, name: str, value: str) -> None:
        self._rule = {name: value}

    @property
    def can_inline_rule(self) -> bool:
        return True

    @property
    def unique_id(self) -> str:
        return next(iter(self._rule.values()))

    @property
    def connections(self) -> ec2.Connections:
        return ec2.Connections()

    @jsii.member(jsii_name="toEgressRuleConfig")
    def to_egress_rule_config(self) -> dict[str, str]:
        return self._rule

    @jsii.member(jsii_name="toIngressRuleConfig")
    def to_ingress_rule_config(self) -> dict[str, str]:
        return {}


class Network:
    """The way of one function in isolated subnets to the services that it calls.

    What Lambda itself does for the function needs no way: polling, sending records to
    destinations, logs and traces go through Lambda's own network.
    """

    def __init__(self, function: LambdaFunction, settings: FunctionOptions) -> None:
        self.function = function
        self.vpc = settings["vpc"]
        self.subnets = _selected(self.vpc, settings["vpc_subnets"]).subnets
        # What brings a group of its own, or an open one, opens it itself.
        self.closed = settings.get("allow_all_outbound") is False
        self._reached: set[str] = set()

    @classmethod
    def of(cls, function: LambdaFunction, settings: FunctionOptions) -> Network | None:
        """Give the way of *function*, if it is where it has no other."""
        vpc = settings.get("vpc")
        if vpc is None or not _is_isolated(vpc, settings["vpc_subnets"]):
            return None
        return cls(function, settings)

    def begin(self, statements: Iterable[iam.PolicyStatement]) -> None:
        """Close the function's group for good, and lead to what *statements* allow.

        A group without a rule of its own is open, which CDK's is as soon as another
        group is let in somewhere: it then drops the rule by which it allowed nothing.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html
        """
        if self.closed:
            self._group().add_egress_rule(
                ec2.Peer.ipv4("127.0.0.1/32"), ec2.Port.tcp(443), "Nowhere else"
            )
        for each in statements:
            self.reach(each.actions)

    def reach(self, actions: Iterable[str]) -> None:
        """Lead to the services of *actions*, which the code calls."""
        for service in dict.fromkeys(each.partition(":")[0] for each in actions):
            if service not in self._reached:
                self._reached.add(service)
                self._lead_to(service)

    def answer_cloudformation(self) -> bool:
        """Lead to where custom resources are answered; tell whether that is known."""
        self.reach(["s3:PutObject"])
        found = self._existing("s3")
        if found is None:
            return False
        if isinstance(node_of(found).scope, ec2.GatewayVpcEndpoint):
            _endpoints.let_answer_cloudformation(found)
        return True

    def _existing(self, service: str) -> ec2.CfnVPCEndpoint | None:
        defined = isinstance(self.vpc, ec2.Vpc)
        return _endpoints.existing(self.vpc, service) if defined else None

    def _lead_to(self, service: str) -> None:
        free = service in _endpoints.GATEWAYS
        if not (free or service in _endpoints.INTERFACES):
            self._warn(service, "no endpoint of it is known here")
            return
        if not isinstance(self.vpc, ec2.Vpc):
            self._warn(service, f"{path_of(self.vpc)} is imported")
            return
        endpoint = self._existing(service)
        if endpoint is None:
            endpoint = _endpoints.make(self.vpc, service, self.subnets)
            self._tell_the_cost(service)
            self._check_at_the_end(service)
        elif free:
            _endpoints.extend(endpoint, self.subnets)
        # Nobody invokes the function before there is a way.
        node_of(self.function.live).add_dependency(endpoint)
        if self.closed:
            self._open_group(service, endpoint)

    def _open_group(self, service: str, endpoint: ec2.CfnVPCEndpoint) -> None:
        """Let HTTPS out to the endpoint alone."""
        group = self._group()
        if service in _endpoints.GATEWAYS:
            peer = _Peer("destinationPrefixListId", prefix_list(service, group))
        else:
            (target, *_) = endpoint.security_group_ids or [""]
            peer = _Peer("destinationSecurityGroupId", target)
        group.add_egress_rule(
            cast("ec2.IPeer", peer), ec2.Port.tcp(443), f"HTTPS to {service}"
        )

    def _group(self) -> ec2.SecurityGroup:
        groups = self.function.function.connections.security_groups
        return cast("ec2.SecurityGroup", groups[0])

    def _warn(self, service: str, why: str) -> None:
        Practice.VPC_ENDPOINTS.warn(
            self.function,
            f"it calls {service} from isolated subnets, and {why}, so that the call "
            "may have no way and time out; see to it that the VPC has the endpoint, "
            "and the security group a rule for it",
        )

    def _tell_the_cost(self, service: str) -> None:
        if service in _endpoints.GATEWAYS:
            return
        zones = len({each.availability_zone for each in self.subnets})
        Practice.VPC_ENDPOINT_COST.warn(
            self.function,
            f"it calls {service} from isolated subnets, for which the VPC gets an "
            f"interface endpoint, paid by the hour in each of {zones} Availability "
            "Zones; acknowledge it, or leave vpc out",
        )

    def _check_at_the_end(self, service: str) -> None:
        """Find what was made later, and by others, for the same service."""
        vpc = self.vpc

        def check() -> list[str]:
            found = [path_of(each) for each in _endpoints.all_of(vpc, service)]
            if len(found) < 2:
                return []
            return [
                f"{path_of(vpc)} has {len(found)} endpoints of {service}, of which "
                f"AWS makes one: {', '.join(found)}; define your own before the "
                "function is allowed to call the service"
            ]

        validate_at_the_end(self.function, check)
