"""Relabel documents by a job: by rule, again, an old version, and one that is gone."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

DOCUMENTS = 4
OVER = ("Cancelled", "Complete", "Failed")


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Put documents and a manifest, run a job over it, and read the tags."""
    folder = f"invoices/{deployed.run}"
    keys = [f"{folder}/a b+{number}.pdf" for number in range(DOCUMENTS)]
    versions = [put(deployed, key) for key in keys]
    newest = put(deployed, keys[0])
    rows = list(zip(keys, versions, strict=True))
    gone = (f"{folder}/gone.pdf", versions[0])

    results = run(deployed, [*rows, rows[0], gone])

    found = [tags(deployed, *row).get("retention") for row in rows]
    yield Expectation(
        f"{DOCUMENTS} documents",
        f"{DOCUMENTS} kept for 10y",
        f"{found.count('10y')} are",
        found == ["10y"] * DOCUMENTS,
    )
    untouched = tags(deployed, keys[0], newest)
    yield Expectation(
        "1 of them in an old version",
        "the newest is as it was",
        "it is" if untouched == {"class": "none"} else f"{untouched}",
        untouched == {"class": "none"},
    )
    failed = [text for code, text in results if code != "Succeeded"]
    yield Expectation(
        "1 of them again, 1 that is gone",
        f"{DOCUMENTS + 1} succeeded, 1 failed",
        f"{len(results) - len(failed)} succeeded, {len(failed)} failed",
        (len(results), len(failed)) == (DOCUMENTS + 2, 1),
    )


def put(deployed: Deployed, key: str) -> str:
    """Put a document and give its version."""
    made = deployed.session.client("s3").put_object(
        Bucket=deployed.physical_id("Documents"),
        Key=key,
        Body=b"",
        Tagging="class=none",
    )
    return str(made["VersionId"])


def tags(deployed: Deployed, key: str, version: str) -> dict[str, str]:
    """Read the tags of a version."""
    found = deployed.session.client("s3").get_object_tagging(
        Bucket=deployed.physical_id("Documents"), Key=key, VersionId=version
    )
    return {each["Key"]: each["Value"] for each in found["TagSet"]}


def run(deployed: Deployed, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Run a job and give the code and text of each task.

    The emulator has no jobs: there, this plays S3 Batch.
    """
    s3, bucket = deployed.session.client("s3"), deployed.physical_id("Documents")
    jobs, key = deployed.physical_id("Jobs"), f"manifests/{deployed.run}.csv"
    text = "".join(f"{bucket},{quote_plus(name)},{version}\n" for name, version in rows)
    etag = s3.put_object(Bucket=jobs, Key=key, Body=text.encode())["ETag"]
    found = deployed.session.client("ssm").get_parameter(
        Name=deployed.physical_id("Job")
    )
    request = json.loads(found["Parameter"]["Value"])
    if deployed.emulated:
        operation = request["Operation"]["LambdaInvoke"]
        lines = csv.reader(text.splitlines())
        return [invoke(deployed, operation, *line) for line in lines]
    request["Manifest"]["Spec"]["Fields"].append("VersionId")
    request["Manifest"]["Location"] = {
        "ObjectArn": f"arn:aws:s3:::{jobs}/{key}",
        "ETag": etag.strip('"'),
    }
    return job(deployed, request | {"ConfirmationRequired": False})


def job(deployed: Deployed, request: dict[str, Any]) -> list[tuple[str, str]]:
    """Have S3 run a job, and read its report."""
    s3control = deployed.session.client("s3control")
    made = s3control.create_job(**request, ClientRequestToken=str(uuid.uuid4()))
    which = {"AccountId": request["AccountId"], "JobId": made["JobId"]}
    wait_until(
        lambda: s3control.describe_job(**which)["Job"]["Status"],
        lambda status: status in OVER,
        timeout=900,
    )
    s3, jobs = deployed.session.client("s3"), deployed.physical_id("Jobs")
    listed = s3.list_objects_v2(Bucket=jobs, Prefix=f"reports/job-{made['JobId']}/")
    results = []
    for each in listed.get("Contents", []):
        if each["Key"].endswith(".csv"):
            body = s3.get_object(Bucket=jobs, Key=each["Key"])["Body"].read().decode()
            for row in csv.reader(io.StringIO(body)):
                code = "Succeeded" if row[3] == "succeeded" else "Failed"
                results.append((code, row[-1]))
    return results


def invoke(
    deployed: Deployed, operation: dict[str, Any], bucket: str, key: str, version: str
) -> tuple[str, str]:
    """Invoke the function for an object, as S3 Batch does."""
    task = {"taskId": "task", "s3Key": key, "s3VersionId": version, "s3Bucket": bucket}
    event = {
        "invocationSchemaVersion": operation["InvocationSchemaVersion"],
        "invocationId": deployed.run,
        "job": {"id": deployed.run, "userArguments": operation["UserArguments"]},
        "tasks": [task],
    }
    answer = deployed.session.client("lambda").invoke(
        FunctionName=operation["FunctionArn"], Payload=json.dumps(event)
    )
    payload = json.load(answer["Payload"])
    if "FunctionError" in answer:
        return "TemporaryFailure", str(payload.get("errorMessage"))
    (result,) = payload["results"]
    return result["resultCode"], result["resultString"]


def look(deployed: Deployed) -> Iterator[str]:
    """Show the request for a job, and the reports."""
    name = deployed.physical_id("Job")
    query = "--query Parameter.Value --output text"
    yield f"aws ssm get-parameter --name {name} {query}"
    yield f"aws s3 ls --recursive s3://{deployed.physical_id('Jobs')}/"


DRIVER = Driver(
    stack="BatchRelabel",
    drive=drive,
    look=look,
    unchecked=(
        "jobs of S3 Batch Operations, whose part the driver plays",
        "X-Ray traces",
    ),
)
