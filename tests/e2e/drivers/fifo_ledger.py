"""Send transfers to the ledger: in order, one of them twice, one too large, poison."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

TRANSFERS = 20
OPENING = 1_000


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Let two accounts pay each other in turn, and then ask too much of both."""
    ours, theirs = f"{deployed.run}-a", f"{deployed.run}-b"
    for account in (ours, theirs):
        open_account(deployed, account)
    pairs = [(ours, theirs), (theirs, ours)]
    transfers = [
        transfer(deployed, number, *pairs[number % 2], amount=number)
        for number in range(1, TRANSFERS + 1)
    ]
    greedy = transfer(deployed, 99, ours, theirs, amount=100 * OPENING)
    poison = f"poison-{deployed.run}"

    send(deployed, ours, poison, poison)
    for each in [*transfers, greedy]:
        send(deployed, each["from_account"], json.dumps(each), each["transfer_id"])
    # Under an id of its own, so that the queue does not know it for the same.
    first = transfers[0]
    send(deployed, first["from_account"], json.dumps(first), f"again-{deployed.run}")

    yield expect_order(deployed, transfers, ours, theirs)
    yield expect_balance(deployed, transfers, ours, theirs)
    yield expect_rejection(deployed, greedy)
    yield expect_dead(deployed, poison)


def expect_order(
    deployed: Deployed, transfers: list[dict[str, Any]], *accounts: str
) -> Expectation:
    """Expect two entries for each transfer, numbered in the order of its payer."""
    every = wait_until(
        lambda: [entry for each in accounts for entry in entries(deployed, each)],
        lambda found: len(found) >= 2 * TRANSFERS,
        timeout=120,
    )
    sent = {
        account: [t["transfer_id"] for t in transfers if t["from_account"] == account]
        for account in accounts
    }
    paid = {
        account: [
            entry["transfer_id"]["S"]
            for entry in entries(deployed, account)
            if entry["amount"]["N"].startswith("-")
        ]
        for account in accounts
    }
    kept = "in order" if paid == sent else "out of order"
    return Expectation(
        f"{TRANSFERS} transfers",
        f"{2 * TRANSFERS} in Entries, in order",
        f"{len(every)} in Entries, {kept}",
        len(every) == 2 * TRANSFERS and paid == sent,
    )


def expect_balance(
    deployed: Deployed, transfers: list[dict[str, Any]], ours: str, theirs: str
) -> Expectation:
    """Expect that the queue is empty, and no money was made or lost by a duplicate."""
    left = wait_until(lambda: backlog(deployed), lambda n: n == 0, timeout=60)
    paid = sum(t["amount"] * (1 if t["to_account"] == ours else -1) for t in transfers)
    expected = [OPENING + paid, OPENING - paid]
    found = [balance(deployed, each) for each in (ours, theirs)]
    return Expectation(
        "one of them again",
        f"balances {expected}, Queue empty",
        f"balances {found}, {f'{left} left' if left else 'empty'}",
        found == expected and left == 0,
    )


def expect_rejection(deployed: Deployed, greedy: dict[str, Any]) -> Expectation:
    """Expect that a transfer without funds is decided, and is no failure."""
    found = deployed.session.client("dynamodb").get_item(
        TableName=deployed.physical_id("Transfers"),
        Key={"transfer_id": {"S": greedy["transfer_id"]}},
        ConsistentRead=True,
    )
    reason = found.get("Item", {}).get("reason", {}).get("S", "not there")
    return Expectation(
        "1 without funds",
        "in Transfers: insufficient funds",
        f"in Transfers: {reason}",
        reason == "insufficient funds",
    )


def expect_dead(deployed: Deployed, poison: str) -> Expectation:
    """Expect that the poison is put aside, and that those behind it were not."""
    dead = wait_until(
        lambda: dead_letters(deployed), lambda found: poison in found, timeout=60
    )
    ours = [body for body in dead if deployed.run in body]
    return Expectation(
        "1 poison before them",
        "alone in DeadLetters",
        "alone there" if ours == [poison] else f"{len(ours)} there",
        ours == [poison],
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the poison, and an account's entries."""
    dead = deployed.physical_id("DeadLetters")
    # Version 1 of the AWS CLI takes the endpoint of SQS from no variable.
    endpoint = " --endpoint-url $AWS_ENDPOINT_URL" if deployed.emulated else ""
    yield f"aws sqs receive-message{endpoint} --visibility-timeout 0 --queue-url {dead}"
    table = deployed.physical_id("Entries")
    yield f"aws dynamodb scan --table-name {table} --max-items 3"


def open_account(deployed: Deployed, name: str) -> None:
    """Put an account that no earlier run has used."""
    deployed.session.client("dynamodb").put_item(
        TableName=deployed.physical_id("Accounts"),
        Item={
            "account_id": {"S": name},
            "balance": {"N": str(OPENING)},
            "entries": {"N": "0"},
        },
    )


def transfer(
    deployed: Deployed, number: int, payer: str, payee: str, *, amount: int
) -> dict[str, Any]:
    """Make a transfer."""
    return {
        "transfer_id": f"{deployed.run}-{number}",
        "from_account": payer,
        "to_account": payee,
        "amount": amount,
    }


def send(deployed: Deployed, group: str, body: str, deduplication: str) -> None:
    """Send a message in the group of the account that pays."""
    deployed.session.client("sqs").send_message(
        QueueUrl=deployed.physical_id("Queue"),
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=deduplication,
    )


def entries(deployed: Deployed, account: str) -> list[dict[str, Any]]:
    """Read an account's entries, by number."""
    pages = deployed.session.client("dynamodb").get_paginator("query")
    return [
        dict(item)
        for page in pages.paginate(
            TableName=deployed.physical_id("Entries"),
            KeyConditionExpression="account_id = :account",
            ExpressionAttributeValues={":account": {"S": account}},
            ConsistentRead=True,
        )
        for item in page["Items"]
    ]


def balance(deployed: Deployed, account: str) -> int:
    """Read an account's balance."""
    item = deployed.session.client("dynamodb").get_item(
        TableName=deployed.physical_id("Accounts"),
        Key={"account_id": {"S": account}},
        ConsistentRead=True,
    )["Item"]
    return int(item["balance"]["N"])


def dead_letters(deployed: Deployed) -> list[str]:
    """Read messages of the dead-letter queue, and leave them there."""
    answer = deployed.session.client("sqs").receive_message(
        QueueUrl=deployed.physical_id("DeadLetters"),
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
    )
    return [message["Body"] for message in answer.get("Messages", [])]


def backlog(deployed: Deployed) -> int:
    """Count the messages that wait or are in flight."""
    answer = deployed.session.client("sqs").get_queue_attributes(
        QueueUrl=deployed.physical_id("Queue"),
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )
    return sum(map(int, answer["Attributes"].values()))


DRIVER = Driver(
    stack="FifoLedger",
    drive=drive,
    look=look,
    unchecked=("X-Ray traces",),
)
