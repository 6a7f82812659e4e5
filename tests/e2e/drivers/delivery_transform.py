"""Put events: good ones, one twice, heartbeats, and what is none."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

EVENTS = 10


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Put all in one request, wait for the objects, and read them."""
    now = datetime.now(UTC)
    events = [
        {
            "type": ("order_placed", "page_viewed")[number % 2],
            "id": f"{deployed.run}-{number}",
            "at": now.isoformat(),
        }
        for number in range(EVENTS)
    ]
    put(deployed, [*events, events[0], {"type": "heartbeat"}, "no event"])

    # Firehose buffers for a minute before the function, and for five after it.
    patience = 30 if deployed.emulated else 600
    wanted = EVENTS + 1
    found = wait_until(
        lambda: filed(deployed),
        lambda all: sum(all.values()) >= wanted,
        timeout=patience,
    )
    arrived = {id for _, id in found}
    yield Expectation(
        f"{EVENTS} events",
        f"{EVENTS} below events/",
        f"{len(arrived)} there",
        arrived == {each["id"] for each in events},
    )
    twice = [id for (_, id), count in found.items() if count > 1]
    yield Expectation(
        "1 of them again", "2 with one id", f"{len(twice)} twice", len(twice) == 1
    )
    right = {
        (f"events/type={each['type']}/day={now:%Y-%m-%d}", each["id"])
        for each in events
    }
    yield Expectation(
        "of 2 types today",
        "in 2 partitions",
        f"{len({place for place, _ in found})} partitions",
        set(found) == right,
    )
    refused = wait_until(lambda: logged(deployed, "no event"), bool, timeout=30)
    yield Expectation(
        "1 heartbeat, 1 that is none",
        "none below events/, 1 refused",
        f"{sum(found.values()) - wanted} more, {refused} refused",
        sum(found.values()) == wanted and refused >= 1,
    )


def put(deployed: Deployed, contents: list[object]) -> None:
    """Put records in one request; text is sent as it is."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in contents]
    answer = deployed.session.client("firehose").put_record_batch(
        DeliveryStreamName=deployed.physical_id("Stream"),
        Records=[{"Data": text.encode()} for text in texts],
    )
    if answer["FailedPutCount"]:
        raise RuntimeError(f"Firehose refused {answer['FailedPutCount']} records")


def filed(deployed: Deployed) -> Counter[tuple[str, str]]:
    """Count this run's events by their partition and id."""
    s3, bucket = deployed.session.client("s3"), deployed.physical_id("Lake")
    found: Counter[tuple[str, str]] = Counter()
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="events/"
    )
    for key in (each["Key"] for page in pages for each in page.get("Contents", [])):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        text = gzip.decompress(body) if key.endswith(".gz") else body
        for line in text.decode().splitlines():
            id = json.loads(line)["id"]
            if id.startswith(deployed.run):
                # The emulator adds the time to a prefix that does not name it.
                found["/".join(key.split("/")[:3]), id] += 1
    return found


def logged(deployed: Deployed, message: str) -> int:
    """Count the lines of the log with a message."""
    pages = deployed.session.client("logs").get_paginator("filter_log_events")
    return sum(
        message in event["message"]
        for page in pages.paginate(
            logGroupName=deployed.physical_id("Transformer/Logs")
        )
        for event in page["events"]
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the objects."""
    yield f"aws s3 ls --recursive s3://{deployed.physical_id('Lake')}/"


DRIVER = Driver(
    stack="DeliveryTransform",
    drive=drive,
    look=look,
    unchecked=(
        "buffers, retries and compression of delivery streams",
        "records that a transformation failed",
        "the role of a delivery stream",
        "X-Ray traces",
    ),
)
