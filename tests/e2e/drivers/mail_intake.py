"""Describe mail that lies in the bucket: good, again, dangerous, and missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.message import EmailMessage

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Store mail and invoke the function as SES does, which nobody can write to."""
    good, bad = f"{deployed.run}good", f"{deployed.run}bad"
    put(deployed, good)
    for message_id, virus in ((good, "PASS"), (good, "PASS"), (bad, "FAIL")):
        tell(deployed, message_id, virus)

    item = wait_until(lambda: described(deployed, good), bool, timeout=60)
    subject = item.get("subject", "nothing")
    yield Expectation(
        "1 mail, told of twice", "Two chairs", subject, subject == "Two chairs"
    )
    item = wait_until(lambda: described(deployed, bad), bool, timeout=30)
    status = item.get("status", "nothing")
    yield Expectation("1 with a virus", "quarantined", status, status == "quarantined")


def look(deployed: Deployed) -> Iterator[str]:
    """Show the mails, and activate the rule set, which is your choice."""
    table = deployed.physical_id("Messages")
    yield f"aws dynamodb scan --table-name {table} --max-items 3"
    rules = deployed.physical_id("Rules")
    yield f"aws ses set-active-receipt-rule-set --rule-set-name {rules}"


def put(deployed: Deployed, message_id: str) -> None:
    """Store a mail where SES does."""
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", "Two chairs"
    message.set_content("As discussed.")
    deployed.session.client("s3").put_object(
        Bucket=deployed.physical_id("Mails"),
        Key=f"raw/{message_id}",
        Body=message.as_bytes(),
    )


def tell(deployed: Deployed, message_id: str, virus: str) -> None:
    """Invoke the function with the event that SES sends."""
    passed = {"status": "PASS"}
    now = "2026-11-21T09:00:00.000Z"
    event = {
        "mail": {"timestamp": now, "messageId": message_id},
        "receipt": {
            "recipients": ["orders@example.org"],
            "spamVerdict": passed,
            "virusVerdict": {"status": virus},
        },
    }
    deployed.session.client("lambda").invoke(
        FunctionName=deployed.physical_id("Intake/Live"),
        InvocationType="Event",
        Payload=json.dumps(
            {"Records": [{"eventSource": "aws:ses", "ses": event}]}
        ).encode(),
    )


def described(deployed: Deployed, message_id: str) -> dict[str, str]:
    """Read what the table has of a mail, of its text."""
    answer = deployed.session.client("dynamodb").get_item(
        TableName=deployed.physical_id("Messages"),
        Key={"message_id": {"S": message_id}},
        ConsistentRead=True,
    )
    return {
        name: str(value["S"])
        for name, value in answer.get("Item", {}).items()
        if "S" in value
    }


DRIVER = Driver(
    stack="MailIntake",
    drive=drive,
    look=look,
    not_emulated="the emulator knows no receipt rules of SES",
)
