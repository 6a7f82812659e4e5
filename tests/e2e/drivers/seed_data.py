"""Update the stack with other rows, and back: its table follows, and others' stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Look at what the deployment seeded, then update it to one row and back."""
    template = template_of(deployed)
    ours = properties(template)["Rows"]
    names = [row["zone"] for row in ours]
    yield expect("the stack", names, zones(deployed))
    theirs = f"theirs-{deployed.run}"
    with row_of_others(deployed, theirs):
        update(deployed, template, ours[:1])
        yield expect("an update to 1 row", [names[0], theirs], zones(deployed))
        update(deployed, template, ours)
        yield expect("an update back", [*names, theirs], zones(deployed))


def look(deployed: Deployed) -> Iterator[str]:
    """Show the rows."""
    table = deployed.physical_id("Zones")
    yield f"aws dynamodb scan --table-name {table} --max-items 5"


def expect(sent: str, wanted: list[str], found: list[str]) -> Expectation:
    """Expect rows in the table, and no others."""
    missing = sorted(set(wanted) - set(found))
    extra = sorted(set(found) - set(wanted))
    shown = f"{len(found)} rows"
    if missing or extra:
        shown = f"without {missing}, with {extra}"
    return Expectation(sent, f"{len(wanted)} rows", shown, not missing and not extra)


def template_of(deployed: Deployed) -> dict[str, Any]:
    """Read the template of the stack as it is."""
    client = deployed.session.client("cloudformation")
    body: Any = client.get_template(StackName=deployed.name)["TemplateBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)


def properties(template: dict[str, Any]) -> dict[str, Any]:
    """Give the properties of the custom resource."""
    (found,) = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "Custom::SeedRows"
    ]
    return dict(found)


def update(
    deployed: Deployed, template: dict[str, Any], rows: list[dict[str, str]]
) -> None:
    """Update the stack to other rows, as `cdk deploy` would."""
    resources = {
        id: {**each, "Properties": {**each["Properties"], "Rows": rows}}
        if each["Type"] == "Custom::SeedRows"
        else each
        for id, each in template["Resources"].items()
    }
    client = deployed.session.client("cloudformation")
    client.update_stack(
        StackName=deployed.name,
        TemplateBody=json.dumps({**template, "Resources": resources}),
        Capabilities=["CAPABILITY_IAM"],
    )
    client.get_waiter("stack_update_complete").wait(
        StackName=deployed.name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )


@contextmanager
def row_of_others(deployed: Deployed, zone: str) -> Iterator[None]:
    """Put a row that is not of the stack."""
    client, table = deployed.session.client("dynamodb"), deployed.physical_id("Zones")
    client.put_item(TableName=table, Item={"zone": {"S": zone}, "days": {"S": "9"}})
    try:
        yield
    finally:
        client.delete_item(TableName=table, Key={"zone": {"S": zone}})


def zones(deployed: Deployed) -> list[str]:
    """Read the zones of all rows."""
    answer = deployed.session.client("dynamodb").scan(
        TableName=deployed.physical_id("Zones"), ConsistentRead=True
    )
    return [item["zone"]["S"] for item in answer["Items"]]


DRIVER = Driver(
    stack="SeedData",
    drive=drive,
    look=look,
    unchecked=("X-Ray traces",),
)
