"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, found, same_name


def on_each(kind: str, *parameters: str) -> Rule:
    """The same action on each resource that the call names, with its tags."""

    def rule(request: Request) -> tuple[Need, ...]:
        ids = [each for name in parameters for each in found(request.params, name)]
        if not ids:
            raise request.unmapped(f"without {' or '.join(parameters)}")
        return tuple(_need(request, f"{kind}/{each}") for each in ids)

    return rule


def new_interface(request: Request) -> tuple[Need, ...]:
    """An interface, in a subnet, with security groups."""
    groups = found(request.params, "Groups")
    return (
        _need(request, "network-interface/*"),
        _need(request, f"subnet/{request.text('SubnetId')}"),
        *(_need(request, f"security-group/{each}") for each in groups),
    )


def tagging(request: Request) -> tuple[Need, ...]:
    """The tags of the request are conditions, too."""
    tags = request.items("Tags")
    context: dict[str, str | tuple[str, ...]] = {
        "aws:TagKeys": tuple(str(tag.get("Key")) for tag in tags),
        **{f"aws:RequestTag/{tag.get('Key')}": str(tag.get("Value")) for tag in tags},
    }
    return tuple(
        _need(request, f"{_KINDS.get(each.partition('-')[0], '*')}/{each}", context)
        for each in found(request.params, "Resources")
    )


def _need(
    request: Request,
    resource: str,
    extra: dict[str, str | tuple[str, ...]] | None = None,
) -> Need:
    owner = "" if resource.startswith(_PUBLIC) else request.account
    arn = f"arn:{request.partition}:ec2:{request.region}:{owner}:{resource}"
    context: dict[str, str | tuple[str, ...]] = {"ec2:Region": request.region}
    for name, value in request.lookup.tags(arn).items():
        context[f"aws:ResourceTag/{name}"] = value
        context[f"ec2:ResourceTag/{name}"] = value
    return request.need(f"ec2:{request.operation}", arn, {**context, **(extra or {})})


_PUBLIC = ("image/", "snapshot/")  # their ARNs have no account
_KINDS = {
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
}

OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(
        ("RebootInstances", "StartInstances", "StopInstances", "TerminateInstances"),
        on_each("instance", "InstanceIds"),
    ),
    "DeleteVolume": on_each("volume", "VolumeId"),
    "DeleteSnapshot": on_each("snapshot", "SnapshotId"),
    "DeregisterImage": on_each("image", "ImageId"),
    "ReleaseAddress": on_each("elastic-ip", "AllocationId"),
    "CreateNetworkInterface": new_interface,
    **dict.fromkeys(
        (
            "AssignPrivateIpAddresses",
            "DeleteNetworkInterface",
            "UnassignPrivateIpAddresses",
        ),
        on_each("network-interface", "NetworkInterfaceId"),
    ),
    "CreateTags": tagging,
    "DeleteTags": tagging,
    **same_name(
        "ec2",
        anywhere,
        "DescribeAddresses",
        "DescribeAvailabilityZones",
        "DescribeImages",
        "DescribeInstanceStatus",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeNatGateways",
        "DescribeNetworkInterfaces",
        "DescribeRegions",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeSnapshots",
        "DescribeSubnets",
        "DescribeTags",
        "DescribeVolumes",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
    ),
}
