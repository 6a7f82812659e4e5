"""What has no owner is gone in the morning, and what has one is as it was."""

from __future__ import annotations

import os
from datetime import timedelta

import boto3

from stacks.nightly_cleanup import NightlyCleanupStack

# Spares moto its catalogue of images, which costs seconds.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


class InEarnest(NightlyCleanupStack):
    """A run of the default would change nothing."""

    def __init__(self, scope, id) -> None:
        super().__init__(scope, id, dry_run=False)


stack = InEarnest


def contract(shop) -> None:
    """All three kinds, a run that is given up, and one that cannot start."""
    account = shop.account
    mine, nobodys = instances("Mine"), instances(None)
    kept, _ = address("Mine"), address(None)
    volume()
    account.advance(timedelta(days=31, hours=12))

    assert {"running"} == states(mine)
    assert {"stopped"} == states(nobodys)
    assert [kept] == addresses()
    assert [] == volumes()
    assert [] == shop.queue("Cleaner/Failures").bodies()

    account.fail_calls("ec2", "DescribeVolumes", "InternalError", times=3)
    account.advance(timedelta(days=1))

    assert 1 == len(shop.queue("Cleaner/Failures"))

    shop.schedule("Cleaner/Schedule").fail(times=200)
    account.advance(timedelta(days=1))

    assert 1 == len(shop.queue("Cleaner/ScheduleUndelivered"))


def ec2():
    return boto3.client("ec2")


def tags(kind: str, owner: str | None) -> dict:
    if owner is None:
        return {}
    tag = {"Key": "Owner", "Value": owner}
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [tag]}]}


def instances(owner: str | None, count: int = 1) -> list[str]:
    made = ec2().run_instances(
        ImageId="ami-12c6146b",
        MinCount=count,
        MaxCount=count,
        **tags("instance", owner),
    )
    return [each["InstanceId"] for each in made["Instances"]]


def states(ids: list[str]) -> set[str]:
    found = ec2().describe_instances(InstanceIds=ids)["Reservations"]
    return {each["State"]["Name"] for one in found for each in one["Instances"]}


def address(owner: str | None) -> str:
    made = ec2().allocate_address(Domain="vpc", **tags("elastic-ip", owner))
    return str(made["AllocationId"])


def addresses() -> list[str]:
    return [each["AllocationId"] for each in ec2().describe_addresses()["Addresses"]]


def volume() -> None:
    ec2().create_volume(Size=1, AvailabilityZone="eu-west-1a")


def volumes() -> list[str]:
    found = ec2().describe_volumes(
        Filters=[{"Name": "status", "Values": ["available"]}]
    )["Volumes"]
    return [each["VolumeId"] for each in found]
