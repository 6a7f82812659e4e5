"""What costs money and has no owner, cleaned up: as Powertools' documentation does it.

It has no more to say of a schedule than its Logger.
https://docs.aws.amazon.com/powertools/python/latest/core/logger/
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

logger = Logger()
ec2 = boto3.client("ec2")
UNTOUCHED = {
    "IncorrectInstanceState",
    "IncorrectState",
    "InvalidAllocationID.NotFound",
    "InvalidIPAddress.InUse",
    "InvalidInstanceID.NotFound",
    "InvalidVolume.NotFound",
    "OperationNotPermitted",
    "VolumeInUse",
}
Found = Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Clean up all three kinds; fail at the end if anything did."""
    dry_run = os.environ["DRY_RUN"] != "false"
    report: dict[str, list[str]] = {"untouched": [], "failures": []}
    kinds = {"stopped": instances, "released": addresses, "deleted": volumes}
    for word, find in kinds.items():
        report[word] = []
        try:
            for id, act, given in list(find()):
                if context.get_remaining_time_in_millis() < 30_000:
                    raise TimeoutError("no time is left for the rest")
                try:
                    act(**given, DryRun=dry_run)
                    report[word].append(id)
                except ClientError as error:
                    code = error.response["Error"]["Code"]
                    if code == "DryRunOperation":
                        report[word].append(id)
                    elif code in UNTOUCHED:
                        report["untouched"].append(f"{id}: {code}")
                    else:
                        report["failures"].append(f"{id} is not {word}: {error}")
                except BotoCoreError as error:
                    report["failures"].append(f"{id} is not {word}: {error}")
        except (BotoCoreError, ClientError, TimeoutError) as error:
            report["failures"].append(f"{word}: {error}")
    summary = {"dry_run": dry_run, **report}
    logger.info("cleaned up", extra=summary)
    if report["failures"]:
        raise RuntimeError(f"{len(report['failures'])} failed")
    return summary


def instances() -> Found:
    """Find those that run, and that no Auto Scaling group would replace at once."""
    running: Any = {"Name": "instance-state-name", "Values": ["running"]}
    pages: Any = ec2.get_paginator("describe_instances").paginate(
        Filters=[running], PaginationConfig={"PageSize": 100}
    )
    for page in pages:
        for reservation in page["Reservations"]:
            for it in reservation["Instances"]:
                names = {tag["Key"] for tag in it.get("Tags", [])}
                if not names & {"aws:autoscaling:groupName", owner()}:
                    id = it["InstanceId"]
                    yield id, ec2.stop_instances, {"InstanceIds": [id]}


def addresses() -> Found:
    """Find Elastic IPs that nothing uses."""
    for it in ec2.describe_addresses()["Addresses"]:
        names = {tag["Key"] for tag in it.get("Tags", [])}
        if not it.get("AssociationId") and owner() not in names:
            id = it["AllocationId"]
            yield id, ec2.release_address, {"AllocationId": id}


def volumes() -> Found:
    """Find unattached volumes by their age."""
    before = datetime.now(UTC) - timedelta(days=int(os.environ["VOLUME_DAYS"]))
    available: Any = {"Name": "status", "Values": ["available"]}
    pages: Any = ec2.get_paginator("describe_volumes").paginate(
        Filters=[available], PaginationConfig={"PageSize": 100}
    )
    for page in pages:
        for it in page["Volumes"]:
            names = {tag["Key"] for tag in it.get("Tags", [])}
            if it["CreateTime"] < before and owner() not in names:
                id = it["VolumeId"]
                yield id, ec2.delete_volume, {"VolumeId": id}


def owner() -> str:
    """Name the tag that has to be there."""
    return os.environ["REQUIRED_TAG"]
