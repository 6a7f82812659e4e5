"""Place orders on the bus: large and small ones, and one of them twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

ORDERS = 6
LARGE = 2


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Put one order after the other, the first one twice, and see who heard of it."""
    orders = orders_of(deployed.run)
    ids = [order["order_id"] for order in orders]
    large = sorted(ids[:LARGE])
    shipped: list[str] = []
    for number, order in enumerate(orders, start=1):
        put(deployed, order)
        # One at a time keeps the functions warm: a burst starts an environment each.
        shipped = wait_for(deployed, "Shipments", ids, number, timeout=120)
        if len(shipped) < number:
            break
    put(deployed, orders[0])
    given = sorted(wait_for(deployed, "Points", ids, LARGE, timeout=60))

    yield Expectation(
        f"{ORDERS} orders, one of them twice",
        f"{ORDERS} in Shipments",
        f"{len(shipped)} in Shipments",
        sorted(shipped) == sorted(ids),
    )
    yield Expectation(
        f"{LARGE} of them large",
        f"these {LARGE} in Points",
        f"these {len(given)} in Points" if given == large else f"{given} in Points",
        given == large,
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show shipments and points."""
    for table in ("Shipments", "Points"):
        name = deployed.physical_id(table)
        yield f"aws dynamodb scan --table-name {name} --max-items 3"


def orders_of(run: str) -> list[dict[str, Any]]:
    """Make orders that no earlier run has placed; the first ones are large."""
    return [
        {
            "order_id": f"{run}-{number}",
            "customer_id": f"c-{number}",
            "total": 80 if number <= LARGE else 20,
            "items": [{"sku": "A1", "quantity": number}],
        }
        for number in range(1, ORDERS + 1)
    ]


def put(deployed: Deployed, order: Mapping[str, Any]) -> None:
    """Put the event of an order."""
    entries = [entry(deployed.physical_id("Bus"), order)]
    answer = deployed.session.client("events").put_events(Entries=entries)
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused {answer['Entries'][0]['ErrorCode']}")


def entry(bus: str, order: Mapping[str, Any]) -> Any:
    """Make the event of a placed order."""
    return {
        "EventBusName": bus,
        "Source": "shop.orders",
        "DetailType": "OrderPlaced",
        "Detail": json.dumps(order),
    }


def wait_for(
    deployed: Deployed, table: str, ids: list[str], count: int, *, timeout: float
) -> list[str]:
    """Wait until so many orders are in a table; give those that are."""
    return wait_until(
        lambda: stored(deployed, table, ids),
        lambda found: len(found) >= count,
        timeout=timeout,
    )


def stored(deployed: Deployed, table: str, ids: list[str]) -> list[str]:
    """Read which orders are in a table."""
    pages = deployed.session.client("dynamodb").get_paginator("scan")
    found = [
        item["order_id"]["S"]
        for page in pages.paginate(
            TableName=deployed.physical_id(table), ConsistentRead=True
        )
        for item in page["Items"]
    ]
    return [id for id in found if id in ids]


DRIVER = Driver(
    stack="OrderEvents",
    drive=drive,
    look=look,
    unchecked=("asynchronous retries and destinations", "X-Ray traces"),
)
