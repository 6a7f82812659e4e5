"""Drop a site: it is released; while changes are frozen for long, it is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ENDED = {"Succeeded", "Failed"}


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Drop a site twice, the second time in a freeze."""
    yield from expect(deployed, "1 site", [], "Succeeded")
    now = datetime.now(UTC)
    freeze = {
        "from": (now - timedelta(hours=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
        "reason": f"run {deployed.run}",
    }
    try:
        yield from expect(deployed, "1 site in a freeze", [freeze], "Failed")
    finally:
        set_freezes(deployed, [])


def look(deployed: Deployed) -> Iterator[str]:
    """Show how the pipeline went."""
    name = deployed.physical_id("Pipeline")
    yield f"aws codepipeline get-pipeline-state --name {name}"


def expect(
    deployed: Deployed, sent: str, freezes: list[dict[str, str]], status: str
) -> Iterator[Expectation]:
    """Drop a site while there are *freezes*, and expect how its execution ends."""
    before = executions(deployed).keys()
    set_freezes(deployed, freezes)
    drop(deployed)
    new = wait_until(
        lambda: {
            id: each for id, each in executions(deployed).items() if id not in before
        },
        lambda found: bool(found) and set(found.values()) <= ENDED,
        timeout=300,
    )
    arrived = ", ".join(new.values()) or "not started"
    yield Expectation(sent, status, arrived, [status] == list(new.values()))


def drop(deployed: Deployed) -> None:
    """Put a site where the pipeline takes it from."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("index.html", f"<p>{deployed.run}</p>")
    deployed.session.client("s3").put_object(
        Bucket=deployed.physical_id("Drop"), Key="site.zip", Body=body.getvalue()
    )


def set_freezes(deployed: Deployed, freezes: list[dict[str, str]]) -> None:
    """Say when changes are frozen."""
    deployed.session.client("ssm").put_parameter(
        Name=deployed.physical_id("Freezes"), Value=json.dumps(freezes), Overwrite=True
    )


def executions(deployed: Deployed) -> dict[str, str]:
    """Read the status of each execution by its id."""
    answer = deployed.session.client("codepipeline").list_pipeline_executions(
        pipelineName=deployed.physical_id("Pipeline")
    )
    return {
        each["pipelineExecutionId"]: each["status"]
        for each in answer["pipelineExecutionSummaries"]
    }


DRIVER = Driver(
    stack="PipelineGate",
    drive=drive,
    look=look,
    not_emulated="the emulator refuses AWS::CodePipeline::Pipeline",
)
