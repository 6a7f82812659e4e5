"""Run the cleanup, a dry run, over two addresses: one has an owner, one has none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Invoke as the schedule does, and read what the run says."""
    with (
        address(deployed, "Owner") as owned,
        address(deployed, "Nobody") as nobodys,
    ):
        report = invoke(deployed)
        left = addresses(deployed)

    named = nobodys in report.get("released", [])
    spared = owned not in report.get("released", [])
    yield Expectation(
        "an address without an owner, and one with",
        "the first alone to be released",
        f"{'named' if named else 'not named'}, {'spared' if spared else 'not spared'}"
        + (f"; {report['errorMessage']}" if "errorMessage" in report else ""),
        named and spared,
    )
    # The emulator knows no dry run, and does what it is only asked about.
    kept = {owned} if deployed.emulated else {owned, nobodys}
    yield Expectation(
        "a dry run",
        f"{len(kept)} still there",
        f"{len(kept & left)} still there",
        report.get("dry_run") is True and kept <= left,
    )
    name = deployed.physical_id("Cleaner/Schedule")
    schedule = deployed.session.client("scheduler").get_schedule(Name=name)
    yield Expectation(
        "nothing",
        "a schedule for 3 o'clock, enabled",
        f"{schedule['ScheduleExpression']}, {schedule['State'].lower()}",
        (schedule["ScheduleExpression"], schedule["State"])
        == ("cron(0 3 * * ? *)", "ENABLED"),
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the schedule, and what the last run said."""
    name = deployed.physical_id("Cleaner/Schedule")
    yield f"aws scheduler get-schedule --name {name}"
    logs = deployed.physical_id("Cleaner/Logs")
    yield f"aws logs filter-log-events --log-group-name {logs} --max-items 5"


@contextmanager
def address(deployed: Deployed, tag: str) -> Iterator[str]:
    """Allocate an address with a tag, and give it back at the end."""
    ec2 = deployed.session.client("ec2")
    tags: Any = [{"Key": tag, "Value": f"run-{deployed.run}"}]
    made = ec2.allocate_address(
        Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}]
    )["AllocationId"]
    try:
        yield made
    finally:
        if made in addresses(deployed):
            ec2.release_address(AllocationId=made)


def addresses(deployed: Deployed) -> set[str]:
    """Read which addresses there are."""
    found = deployed.session.client("ec2").describe_addresses()["Addresses"]
    return {each["AllocationId"] for each in found}


def invoke(deployed: Deployed) -> dict[str, Any]:
    """Invoke the live alias and give its report, or the error."""
    answer = deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Cleaner/Live"), Payload=b"{}"
    )
    return dict(json.loads(answer["Payload"].read()))


DRIVER = Driver(
    stack="NightlyCleanup",
    drive=drive,
    look=look,
    unchecked=("EC2's dry run", "time zones of schedules", "X-Ray traces"),
)
