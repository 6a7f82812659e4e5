"""Stop, release and delete what costs money and has no owner."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

DRY_RUN = os.environ["DRY_RUN"] != "false"
REQUIRED_TAG = os.environ["REQUIRED_TAG"]
VOLUME_AGE = timedelta(days=int(os.environ["VOLUME_DAYS"]))
PAGE = 100
TIME_FOR_A_CALL_MS = 30_000

logger = logging.getLogger("cleanup")
logger.setLevel(logging.INFO)
# A call that hangs gives up after 24 s, before the time for a call is over.
ec2 = boto3.client(
    "ec2",
    config=Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)

UNTOUCHED = {
    "IncorrectInstanceState",
    "IncorrectState",
    "InvalidAllocationID.NotFound",
    "InvalidIPAddress.InUse",
    "InvalidInstanceID.NotFound",
    "InvalidVolume.NotFound",
    "OperationNotPermitted",  # protected against being stopped
    "VolumeInUse",
}
"""What EC2 answers where somebody was faster, or has decided otherwise."""


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until Lambda stops this run."""


@dataclass
class Report:
    """What came of a run."""

    done: dict[str, list[str]] = field(default_factory=dict)
    untouched: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class CleanupError(Exception):
    """Something could not be cleaned up; the rest was."""


def handler(_event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Clean up all three kinds; fail at the end if anything did.

    Each thing is taken alone, so that one that fails keeps none of the others. Lambda
    then tries again, which finds what is left.
    """
    report = Report()
    for word, find, act in (
        ("stopped", running_instances, stop),
        ("released", unused_addresses, release),
        ("deleted", old_volumes, delete),
    ):
        report.done[word] = []
        try:
            for id in list(find()):  # all first, since acting changes what is found
                if context.get_remaining_time_in_millis() < TIME_FOR_A_CALL_MS:
                    raise TimeoutError("no time is left for the rest")
                clean(word, id, act, report)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            report.failures.append(f"{word}: {error}")
    summary = {
        "dry_run": DRY_RUN,
        **report.done,
        "untouched": report.untouched,
        "failures": report.failures,
    }
    logger.info("cleaned up", extra=summary)
    if report.failures:
        raise CleanupError(f"{len(report.failures)} failed: {report.failures[:20]}")
    return summary


def clean(word: str, id: str, act: Callable[[str], None], report: Report) -> None:
    """Clean up one thing, and note what came of it."""
    try:
        act(id)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "DryRunOperation":  # EC2's way to say that it would have
            report.done[word].append(id)
        elif code in UNTOUCHED:
            report.untouched.append(f"{id}: {code}")
        else:
            report.failures.append(f"{id} is not {word}: {error}")
    except BotoCoreError as error:
        report.failures.append(f"{id} is not {word}: {error}")
    else:
        report.done[word].append(id)


def running_instances() -> Iterator[str]:
    """Find those that run, and that no Auto Scaling group would replace at once."""
    pages = ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}],
        PaginationConfig={"PageSize": PAGE},
    )
    for page in pages:
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                scaled = "aws:autoscaling:groupName" in tags(instance)
                if not scaled and has_no_owner(instance):
                    yield instance["InstanceId"]


def unused_addresses() -> Iterator[str]:
    """Find Elastic IPs that nothing uses; EC2 lists them in one page."""
    for address in ec2.describe_addresses()["Addresses"]:
        if not address.get("AssociationId") and has_no_owner(address):
            yield address["AllocationId"]


def old_volumes() -> Iterator[str]:
    """Find unattached volumes by their age; EC2 does not tell since when they are."""
    before = datetime.now(UTC) - VOLUME_AGE
    pages = ec2.get_paginator("describe_volumes").paginate(
        Filters=[{"Name": "status", "Values": ["available"]}],
        PaginationConfig={"PageSize": PAGE},
    )
    for page in pages:
        for volume in page["Volumes"]:
            if volume["CreateTime"] < before and has_no_owner(volume):
                yield volume["VolumeId"]


def stop(id: str) -> None:
    """Stop an instance; its disks stay."""
    ec2.stop_instances(InstanceIds=[id], DryRun=DRY_RUN)


def release(id: str) -> None:
    """Give an address back."""
    ec2.release_address(AllocationId=id, DryRun=DRY_RUN)


def delete(id: str) -> None:
    """Delete a volume."""
    ec2.delete_volume(VolumeId=id, DryRun=DRY_RUN)


def has_no_owner(resource: Mapping[str, Any]) -> bool:
    """Tell whether the required tag is missing; the policy knows no other case."""
    return REQUIRED_TAG not in tags(resource)


def tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """Give the tags by name."""
    return {each["Key"]: each["Value"] for each in resource.get("Tags", [])}
