"""Write orders, move one and delete one, and see their customers' rows follow."""

from __future__ import annotations

from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ORDERS = 10


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Use customers that no earlier run has had."""
    first, second = f"{deployed.run}-1", f"{deployed.run}-2"
    for number in range(ORDERS):
        put(deployed, number, first)
    created = {order_id(deployed, number) for number in range(ORDERS)}
    arrived = wait_until(
        lambda: rows(deployed, first), lambda found: found == created, timeout=120
    )
    yield expect(f"{ORDERS} orders", f"{ORDERS} of their customer", created, arrived)

    put(deployed, 0, second)
    moved = {order_id(deployed, 0)}
    arrived = wait_until(
        lambda: rows(deployed, second), lambda found: found == moved, timeout=60
    )
    yield expect("1 of them to another customer", "1 there", moved, arrived)

    delete(deployed, 1)
    left = created - {order_id(deployed, 0), order_id(deployed, 1)}
    arrived = wait_until(
        lambda: rows(deployed, first), lambda found: found == left, timeout=60
    )
    yield expect("1 deleted", f"{ORDERS - 2} of the first", left, arrived)


def expect(
    sent: str, expected: str, wanted: set[str], arrived: set[str]
) -> Expectation:
    """Expect orders among those of a customer."""
    return Expectation(sent, expected, str(len(arrived)), arrived == wanted)


def order_id(deployed: Deployed, number: int) -> str:
    """Give the id of an order of this run."""
    return f"{deployed.run}-{number}"


def put(deployed: Deployed, number: int, customer_id: str) -> None:
    """Write an order."""
    line = {"sku": {"S": "A1"}, "quantity": {"N": "2"}, "unit_price": {"N": "9.95"}}
    deployed.session.client("dynamodb").put_item(
        TableName=deployed.physical_id("Orders"),
        Item={
            "order_id": {"S": order_id(deployed, number)},
            "customer_id": {"S": customer_id},
            "items": {"L": [{"M": line}]},
        },
    )


def delete(deployed: Deployed, number: int) -> None:
    """Delete an order."""
    deployed.session.client("dynamodb").delete_item(
        TableName=deployed.physical_id("Orders"),
        Key={"order_id": {"S": order_id(deployed, number)}},
    )


def rows(deployed: Deployed, customer_id: str) -> set[str]:
    """Read the orders of a customer."""
    answer = deployed.session.client("dynamodb").query(
        TableName=deployed.physical_id("OrdersByCustomer"),
        KeyConditionExpression="customer_id = :customer",
        ExpressionAttributeValues={":customer": {"S": customer_id}},
        ConsistentRead=True,
    )
    return {item["order_id"]["S"] for item in answer["Items"]}


def look(deployed: Deployed) -> Iterator[str]:
    """Show the orders by customer."""
    table = deployed.physical_id("OrdersByCustomer")
    yield f"aws dynamodb scan --table-name {table} --max-items 3"


DRIVER = Driver(
    stack="TableProjector",
    drive=drive,
    look=look,
    unchecked=(
        "failure destinations of streams (a poison record would block its shard)",
        "partial batch responses of table streams",
        "X-Ray traces",
    ),
)
