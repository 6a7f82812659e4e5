"""Documents get the tags of their rules, and the report says which did not."""

from __future__ import annotations

import csv
import json
from urllib.parse import quote_plus


def contract(shop) -> None:
    """Those for versions, and for what is gone, as well."""
    account = shop.account
    version = put(account, shop, "invoices/a.pdf", "team=shop")

    done = run(account, shop, ["invoices/a.pdf", "invoices/gone.pdf"])
    put(account, shop, "invoices/a.pdf", "team=other")
    old = put(account, shop, "invoices/b.pdf", "team=shop")
    put(account, shop, "invoices/b.pdf", "team=other")
    by_version = run(account, shop, ["invoices/b.pdf"], versions=[old])

    assert ["relabeled", "the object is gone"] == [each.message for each in done]
    assert "10y" == tags(account, shop, "invoices/a.pdf", version)["retention"]
    assert ["relabeled"] == [each.message for each in by_version]
    assert "10y" == tags(account, shop, "invoices/b.pdf", old)["retention"]
    assert 2 == len(reports(shop))


def put(account, shop, key: str, tags: str) -> str:
    """Put a document with tags and give its version."""
    bucket = shop.bucket("Documents").name
    made = account.client("s3").put_object(
        Bucket=bucket, Key=key, Body=b"", Tagging=tags
    )
    return str(made["VersionId"])


def tags(account, shop, key: str, version: str | None = None) -> dict[str, str]:
    """The tags of a document."""
    place = {"Bucket": shop.bucket("Documents").name, "Key": key}
    if version:
        place["VersionId"] = version
    found = account.client("s3").get_object_tagging(**place)["TagSet"]
    return {each["Key"]: each["Value"] for each in found}


def run(account, shop, keys: list[str], versions: list[str] | None = None) -> list:
    """Run a job as whoever starts one does: the stack's request, and a manifest.

    With versions, the manifest itself is named by its version, too.
    """
    documents, jobs = shop.bucket("Documents"), shop.bucket("Jobs")
    rows = [[documents.name, quote_plus(key)] for key in keys]
    for row, version in zip(rows, versions or [], strict=False):
        row.append(version)
    jobs.put("manifests/m.csv", "".join(",".join(row) + "\n" for row in rows))
    name = shop.physical_id("Job")
    found = account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    request = json.loads(found)
    head = account.client("s3").head_object(Bucket=jobs.name, Key="manifests/m.csv")
    request["Manifest"]["Location"] = {
        "ObjectArn": f"arn:aws:s3:::{jobs.name}/manifests/m.csv",
        "ETag": head["ETag"],
    }
    if versions:
        request["Manifest"]["Spec"]["Fields"].append("VersionId")
        request["Manifest"]["Location"]["ObjectVersionId"] = head["VersionId"]
    return account.run_batch_job(request)


def reports(shop) -> list[list[list[str]]]:
    """The rows of every report."""
    jobs = shop.bucket("Jobs")
    return [
        list(csv.reader(jobs.read(key).decode().splitlines()))
        for key in jobs.keys()  # noqa: SIM118
        if key.startswith("reports/job-") and "/results/" in key
    ]
