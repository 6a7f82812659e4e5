"""Send clicks to the stream, and one of its records to the processor once more."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

PAGES = 4
CLICKS = 10
HOUR = "2026-11-21T10"


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Click on pages that no earlier run has had."""
    pages = [f"/{deployed.run}/{number}" for number in range(PAGES)]
    expected = dict.fromkeys(pages, CLICKS)
    event_ids = [put(deployed, page) for page in pages]

    arrived = wait_until(
        lambda: counts(deployed, pages), lambda found: found == expected, timeout=120
    )
    yield Expectation(
        f"{PAGES * CLICKS} clicks on {PAGES} pages",
        f"{CLICKS} of each page in Counts",
        f"{sum(arrived.values())} of {len(arrived)} pages",
        arrived == expected,
    )
    failed = deliver_again(deployed, pages[0], event_ids[0])
    now = counts(deployed, pages[:1]).get(pages[0])
    yield Expectation(
        "1 record again",
        f"still {CLICKS} of its page",
        f"{now}, {failed or 'none'} failed",
        now == CLICKS and not failed,
        "the record was handed to the processor itself, since no stream repeats one "
        "on request",
    )


def put(deployed: Deployed, page: str) -> str:
    """Click on a page; give the id of the last record, as Lambda has it."""
    answer = deployed.session.client("kinesis").put_records(
        StreamName=deployed.physical_id("Clicks"),
        Records=[{"Data": click(page), "PartitionKey": page}] * CLICKS,
    )
    if answer.get("FailedRecordCount"):
        raise RuntimeError(f"Kinesis refused {answer['FailedRecordCount']} records")
    last = answer["Records"][-1]
    return f"{last['ShardId']}:{last['SequenceNumber']}"


def click(page: str) -> bytes:
    """Give what a browser reports."""
    return json.dumps({"page": page, "at": f"{HOUR}:00:00Z"}).encode()


def deliver_again(deployed: Deployed, page: str, event_id: str) -> int:
    """Invoke the processor with a record that it has had; count what failed."""
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": page,
            "sequenceNumber": event_id.partition(":")[2],
            "data": base64.b64encode(click(page)).decode(),
            "approximateArrivalTimestamp": 1795255200.0,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": event_id,
        "eventName": "aws:kinesis:record",
    }
    answer = deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Processor/Function"),
        Qualifier="live",
        Payload=json.dumps({"Records": [record]}).encode(),
    )
    result = json.loads(answer["Payload"].read())
    return len(result["batchItemFailures"]) if "FunctionError" not in answer else 1


def counts(deployed: Deployed, pages: list[str]) -> dict[str, int]:
    """Read how often each page was clicked on."""
    dynamodb = deployed.session.client("dynamodb")
    table = deployed.physical_id("Counts")
    found = {}
    for page in pages:
        key = {"page": {"S": page}, "hour": {"S": HOUR}}
        item = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
        if "Item" in item:
            found[page] = int(item["Item"]["clicks"]["N"])
    return found


def look(deployed: Deployed) -> Iterator[str]:
    """Show the counts."""
    counts = deployed.physical_id("Counts")
    yield f"aws dynamodb scan --table-name {counts} --max-items 3"


DRIVER = Driver(
    stack="StreamProcessor",
    drive=drive,
    look=look,
    unchecked=(
        "failure destinations of streams (a poison record would block its shard)",
        "X-Ray traces",
    ),
)
