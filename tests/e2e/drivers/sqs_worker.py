"""Send orders to the SQS worker: good ones, one of them twice, and a poison one."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ORDERS = 20
# So many go before, so that the function is warm; the rest go with the poison.
AHEAD = 16
RECEIVES = 5
# Five receives at the stack's own visibility timeout take five minutes. A warm
# function answers in well under this one.
VISIBILITY_SECONDS = 2


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Send most of the orders, then the rest with the duplicate and the poison."""
    queue = deployed.physical_id("Queue")
    orders = orders_of(deployed.run)
    bodies = list(orders.values())
    keys_before = len(keys(deployed, "Idempotency", "id"))

    send(deployed, queue, bodies[:AHEAD])
    warm = wait_until(
        lambda: stored(deployed, orders), lambda found: len(found) >= AHEAD, timeout=120
    )
    if len(warm) < AHEAD:
        yield expect_count(f"{AHEAD} orders", AHEAD, len(warm))
        return
    poison = f"poison-{deployed.run}"
    with visibility_timeout(deployed, queue) as note:
        ids = send(deployed, queue, [*bodies[AHEAD:], bodies[-1], poison])
        died = wait_until(
            lambda: dead_letters(deployed), lambda found: poison in found, timeout=90
        )

    yield expect_count(f"{ORDERS} orders", ORDERS, len(stored(deployed, orders)))
    yield expect_no_second_key(deployed, keys_before, lost=died & set(bodies))
    yield expect_dead(deployed, ids[-1], found=poison in died, note=note)


def expect_count(sent: str, expected: int, arrived: int) -> Expectation:
    """Expect orders in the table."""
    return Expectation(
        sent, f"{expected} in Orders", f"{arrived} in Orders", arrived == expected
    )


def expect_no_second_key(
    deployed: Deployed, before: int, lost: set[str]
) -> Expectation:
    """Expect that the duplicate was taken for what it is, and not for a failure."""
    queue = deployed.physical_id("Queue")
    left = wait_until(lambda: backlog(deployed, queue), lambda n: n == 0, timeout=30)
    new = len(keys(deployed, "Idempotency", "id")) - before
    return Expectation(
        "one of them again",
        f"{ORDERS} keys in Idempotency, Queue empty",
        f"{new} keys, {f'{left} left' if left else 'empty'}",
        new == ORDERS and left == 0 and not lost,
    )


def expect_dead(
    deployed: Deployed, message_id: str, *, found: bool, note: str
) -> Expectation:
    """Expect that the poison was given all of its tries, and then put aside."""
    tries = wait_until(
        lambda: attempts(deployed, message_id), lambda n: n >= RECEIVES, timeout=60
    )
    return Expectation(
        "1 poison",
        f"in Queue/DeadLetters after {RECEIVES} tries",
        f"{'there' if found else 'not there'} after {tries}",
        found and tries == RECEIVES,
        note,
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the poison and the orders."""
    dead = deployed.physical_id("Queue/DeadLetters")
    # Version 1 of the AWS CLI takes the endpoint of SQS from no variable.
    endpoint = " --endpoint-url $AWS_ENDPOINT_URL" if deployed.emulated else ""
    yield f"aws sqs receive-message{endpoint} --visibility-timeout 0 --queue-url {dead}"
    orders = deployed.physical_id("Orders")
    yield f"aws dynamodb scan --table-name {orders} --max-items 3"


def orders_of(run: str) -> dict[str, str]:
    """Make orders that no earlier run has sent; give their messages by order id."""
    return {
        f"{run}-{number}": json.dumps(
            {
                "order_id": f"{run}-{number}",
                "customer_id": f"c-{number}",
                "items": [{"sku": "A1", "quantity": number, "unit_price": "9.95"}],
            }
        )
        for number in range(1, ORDERS + 1)
    }


def send(deployed: Deployed, queue: str, bodies: Sequence[str]) -> list[str]:
    """Send messages, ten in a call; give their ids."""
    sqs = deployed.session.client("sqs")
    ids: list[str] = []
    for start in range(0, len(bodies), 10):
        answer = sqs.send_message_batch(
            QueueUrl=queue,
            Entries=[
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + 10])
            ],
        )
        if refused := answer.get("Failed"):
            raise RuntimeError(f"SQS refused {len(refused)}: {refused[0]['Code']}")
        in_order = sorted(answer["Successful"], key=lambda sent: int(sent["Id"]))
        ids += [sent["MessageId"] for sent in in_order]
    return ids


@contextmanager
def visibility_timeout(deployed: Deployed, queue: str) -> Iterator[str]:
    """Deliver a failed message again at once; give the note that says so."""
    sqs = deployed.session.client("sqs")
    before = sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]["VisibilityTimeout"]
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    )
    try:
        yield (
            f"the visibility timeout of Queue was {VISIBILITY_SECONDS} s instead of "
            f"{before} s for the poison's {RECEIVES} tries"
        )
    finally:
        sqs.set_queue_attributes(
            QueueUrl=queue, Attributes={"VisibilityTimeout": before}
        )


def keys(deployed: Deployed, table: str, key: str) -> list[str]:
    """Read the keys of all items of a table."""
    pages = deployed.session.client("dynamodb").get_paginator("scan")
    return [
        item[key]["S"]
        for page in pages.paginate(
            TableName=deployed.physical_id(table), ConsistentRead=True
        )
        for item in page["Items"]
    ]


def stored(deployed: Deployed, orders: Container[str]) -> list[str]:
    """Read which of *orders* are in the table."""
    return [key for key in keys(deployed, "Orders", "order_id") if key in orders]


def dead_letters(deployed: Deployed) -> set[str]:
    """Read messages of the dead-letter queue, and leave them there."""
    answer = deployed.session.client("sqs").receive_message(
        QueueUrl=deployed.physical_id("Queue/DeadLetters"),
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
    )
    return {message["Body"] for message in answer.get("Messages", [])}


def backlog(deployed: Deployed, queue: str) -> int:
    """Count the messages that wait or are in flight."""
    answer = deployed.session.client("sqs").get_queue_attributes(
        QueueUrl=queue,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )
    return sum(map(int, answer["Attributes"].values()))


def attempts(deployed: Deployed, message_id: str) -> int:
    """Count the invocations that logged a message, which each of them does."""
    pages = deployed.session.client("logs").get_paginator("filter_log_events")
    lines = [
        json.loads(event["message"])
        for page in pages.paginate(
            logGroupName=deployed.physical_id("Worker/Logs"),
            filterPattern=f'"{message_id}"',
        )
        for event in page["events"]
    ]
    return len({line["function_request_id"] for line in lines})


DRIVER = Driver(
    stack="SqsWorker",
    drive=drive,
    look=look,
    unchecked=("X-Ray traces",),
)
