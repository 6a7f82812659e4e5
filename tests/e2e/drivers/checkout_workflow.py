"""Check out orders: some that can be placed, one without stock, one without money."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ORDERS = 3
TABLES = {"sku": "StockTable", "customer": "PaymentsTable", "day": "CourierTable"}


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Put in what there is, start the executions, and see what is left."""
    run = deployed.run
    have = {f"sku#{run}": ORDERS, f"customer#{run}": 10 * ORDERS, f"day#{run}": 9}
    for id, available in have.items():
        deployed.session.client("dynamodb").put_item(
            TableName=table_of(deployed, id),
            Item={"id": {"S": id}, "available": {"N": str(available)}},
        )
    unpaid = order(run, "unpaid", cents=10 * ORDERS + 1)
    unstocked = order(run, "unstocked", quantity=ORDERS + 1)

    yield expect(deployed, "1 order without money", [unpaid], "OrderCancelled")
    yield expect_left(deployed, "its compensation", have)
    # The emulator calls each error of a function Runtime.HandlerError.
    rejected = "OrderCancelled" if deployed.emulated else "OrderRejected"
    yield expect(deployed, "1 order without stock", [unstocked], rejected)
    good = [order(run, str(number)) for number in range(ORDERS)]
    yield expect(deployed, f"{ORDERS} orders", good, "SUCCEEDED")
    yield expect_left(
        deployed,
        "their steps",
        {f"sku#{run}": 0, f"customer#{run}": 0, f"day#{run}": 9 - ORDERS},
    )


def order(
    run: str, id: str, *, cents: int = 10, quantity: int = 1
) -> dict[str, object]:
    """Make an order that no earlier run has sent."""
    return {
        "order_id": f"{run}-{id}",
        "customer_id": run,
        "cents": cents,
        "day": run,
        "items": {run: quantity},
    }


def expect(
    deployed: Deployed, sent: str, orders: list[dict[str, object]], ending: str
) -> Expectation:
    """Expect that each execution ends so: by its status, or its error."""
    client = deployed.session.client("stepfunctions")
    arns = [
        client.start_execution(
            stateMachineArn=deployed.physical_id("Checkout"),
            input=json.dumps({"order": each}),
        )["executionArn"]
        for each in orders
    ]

    def endings() -> list[str]:
        found = [client.describe_execution(executionArn=arn) for arn in arns]
        return [each.get("error") or each["status"] for each in found]

    ended = wait_until(endings, lambda all: "RUNNING" not in all, timeout=60)
    right = ended.count(ending)
    return Expectation(
        sent,
        f"{len(orders)} {ending}",
        f"{right} {ending}" if right == len(orders) else ", ".join(ended),
        right == len(orders),
    )


def expect_left(
    deployed: Deployed, sent: str, wanted: Mapping[str, int]
) -> Expectation:
    """Expect what is left of stock, money and places."""
    left = {id: available(deployed, id) for id in wanted}
    return Expectation(
        sent,
        ", ".join(f"{n} {id.split('#')[0]}" for id, n in wanted.items()),
        ", ".join(f"{n} {id.split('#')[0]}" for id, n in left.items()),
        left == wanted,
    )


def table_of(deployed: Deployed, id: str) -> str:
    """Name the table that holds *id*."""
    return deployed.physical_id(TABLES[id.split("#")[0]])


def available(deployed: Deployed, id: str) -> int:
    """Read how much there is of *id*."""
    found = deployed.session.client("dynamodb").get_item(
        TableName=table_of(deployed, id), Key={"id": {"S": id}}, ConsistentRead=True
    )
    return int(found["Item"]["available"]["N"])


def look(deployed: Deployed) -> Iterator[str]:
    """Show the executions, and what the stock has."""
    machine = deployed.physical_id("Checkout")
    yield f"aws stepfunctions list-executions --state-machine-arn {machine}"
    yield f"aws dynamodb scan --table-name {deployed.physical_id('StockTable')}"


DRIVER = Driver(
    stack="CheckoutWorkflow",
    drive=drive,
    look=look,
    unchecked=(
        "names of a function's errors in a state machine",
        "the role of a state machine",
        "X-Ray traces",
    ),
)
