"""Ask the catalogue behind the load balancer: pages, an image, errors, a redirect."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ITEMS = 5
IMAGE = bytes(range(256))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Fill the table and the bucket, then ask as a browser does."""
    category = f"books-{deployed.run}"
    put(deployed, category)
    note = register(deployed) if deployed.emulated else ""
    first = wait_until(
        lambda: ask(deployed, f"/items?category={category}&limit=3"),
        lambda it: it.status == 200,
        timeout=60,
    )
    pages = [first]
    if first.status == 200:
        pages.append(ask(deployed, json.loads(first.body)["next"]))
    found = [
        each["item_id"]
        for page in pages
        if page.status == 200
        for each in json.loads(page.body)["items"]
    ]
    yield expect(
        f"GET {ITEMS} items in two pages",
        " ".join(ids(deployed)),
        " ".join(found) or str(first.status),
        note,
    )
    image = ask(deployed, f"/items/{ids(deployed)[0]}/image")
    kind = image.headers.get("content-type", "")
    yield expect(
        "GET an image",
        f"200 image/png, {len(IMAGE)} bytes",
        f"{image.status} {kind}, {len(image.body)} bytes",
    )
    item = ask(deployed, f"/items/{ids(deployed)[0]}")
    cookies = item.headers.get_all("set-cookie", [])
    yield expect(
        "GET an item", "200, 2 cookies", f"{item.status}, {len(cookies)} cookies"
    )
    missing = ask(deployed, f"/items/none-{deployed.run}")
    told = "its id" if missing.headers.get("x-request-id") else "no id"
    yield expect(
        "GET one that is not there", "404 with its id", f"{missing.status} with {told}"
    )
    other = ask(deployed, "/wp-login.php")
    yield expect("GET another path", "404", str(other.status))
    plain = ask(deployed, "/items", port=80)
    target = urlsplit(plain.headers.get("location", "")).scheme or "nowhere"
    yield expect("GET by plain HTTP", "301 to https", f"{plain.status} to {target}")


def expect(sent: str, wanted: str, got: str, note: str = "") -> Expectation:
    """Expect exactly that."""
    return Expectation(sent, wanted, got, wanted == got, note)


def look(deployed: Deployed) -> Iterator[str]:
    """Show an item."""
    table, key = deployed.physical_id("Items"), ids(deployed)[0]
    yield (
        f"aws dynamodb get-item --table-name {table} "
        f'--key \'{{"item_id": {{"S": "{key}"}}}}\''
    )


def ids(deployed: Deployed) -> list[str]:
    """Name items that no earlier run has put."""
    return [f"{deployed.run}-{number}" for number in range(ITEMS)]


def put(deployed: Deployed, category: str) -> None:
    """Put the items, and an image of the first one."""
    for item_id in ids(deployed):
        deployed.session.client("dynamodb").put_item(
            TableName=deployed.physical_id("Items"),
            Item={
                "item_id": {"S": item_id},
                "category": {"S": category},
                "price": {"N": "9.95"},
            },
        )
    deployed.session.client("s3").put_object(
        Bucket=deployed.physical_id("Images"),
        Key=f"images/{ids(deployed)[0]}",
        Body=IMAGE,
        ContentType="image/png",
    )


def register(deployed: Deployed) -> str:
    """Register the function, which CloudFormation there does not; say so."""
    deployed.session.client("elbv2").register_targets(
        TargetGroupArn=deployed.physical_id("Catalogue/Alb-Web-Https-100"),
        Targets=[{"Id": deployed.physical_id("Catalogue/Live")}],
    )
    return "the target was registered by API, since CloudFormation there drops it"


def ask(deployed: Deployed, path: str, *, port: int = 443) -> Answer:
    """Send a GET request to the load balancer."""
    elbv2 = deployed.session.client("elbv2")
    (web,) = elbv2.describe_load_balancers(
        LoadBalancerArns=[deployed.physical_id("Web")]
    )["LoadBalancers"]
    # Of the emulator's own certificate; and in AWS that of a name of yours, which need
    # not lead here yet.
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    context.check_hostname = False
    connection = HTTPConnection(web["DNSName"], timeout=30)
    if deployed.emulated:
        # All of the emulator is behind one port; the listener is that of the host.
        place = urlsplit(elbv2.meta.endpoint_url)
        connection = HTTPSConnection(place.netloc, timeout=30, context=context)
    elif port == 443:
        connection = HTTPSConnection(web["DNSName"], timeout=30, context=context)
    try:
        connection.request("GET", path, headers={"Host": f"{web['DNSName']}:{port}"})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


DRIVER = Driver(
    stack="WebBackend",
    drive=drive,
    look=look,
    unchecked=("TLS and the certificate", "access logs", "X-Ray traces"),
)
