"""Ask the distribution for pages: a new one, an old one, and one that is not there."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Store a page in both variants, and ask as a browser does."""
    for variant in ("a", "b"):
        deployed.session.client("s3").put_object(
            Bucket=deployed.physical_id("Pages"),
            Key=f"{variant}/{deployed.run}/index.html",
            Body=b"<!doctype html>",
            ContentType="text/html",
        )
    for sent, path, wanted in (
        ("1 page", f"/{deployed.run}", (200, "DENY")),
        ("1 old address", "/shop-2019/", (301, "DENY")),
        ("1 that is not there", f"/{deployed.run}/nothing", (404, "")),
    ):
        got = ask(deployed, path)
        yield Expectation(sent, str(wanted), str(got), wanted == got)


def ask(deployed: Deployed, path: str) -> tuple[int, str]:
    """Give the status, and what the viewer response function adds."""
    connection = http.client.HTTPSConnection(domain(deployed), timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.getheader("X-Frame-Options", "")


def domain(deployed: Deployed) -> str:
    """Read the distribution's own domain name."""
    found = deployed.session.client("cloudfront").get_distribution(
        Id=deployed.physical_id("Site")
    )
    return str(found["Distribution"]["DomainName"])


def look(deployed: Deployed) -> Iterator[str]:
    """Show the headers, and who asked for what."""
    yield f"curl -sI https://{domain(deployed)}/"
    yield f"aws s3 ls --recursive s3://{deployed.physical_id('AccessLogs')}/"


DRIVER = Driver(
    stack="EdgeSite",
    drive=drive,
    look=look,
    not_emulated=(
        "the emulator refuses AWS::Logs::Delivery, and its CloudFront runs no functions"
    ),
)
