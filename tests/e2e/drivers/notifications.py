"""Publish notifications: mails, one of them twice, refunds, and a poison one."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

MAILS = 5


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Publish what each function wants, and see that the others did not get it."""
    mails = [notification(deployed, number) for number in range(MAILS)]
    large = notification(deployed, MAILS, kind="refunded", total=900)
    small = notification(deployed, MAILS + 1, kind="refunded", total=20)
    before = len(archived(deployed))
    note = let_read_key(deployed) if deployed.emulated else ""

    for each in (*mails, mails[0], large, small):
        publish(deployed, json.dumps(each), str(each["kind"]))
    publish(deployed, "poison", "confirmed")

    sent = MAILS + 4
    kept = wait_until(
        lambda: len(archived(deployed)) - before, lambda n: n >= sent, timeout=60
    )
    yield expect(f"{sent} notifications", f"{sent} in Archive", kept, kept == sent)
    outbox = wait_until(
        lambda: mailed(deployed), lambda found: len(found) >= MAILS, timeout=30
    )
    wanted = {str(each["notification_id"]) for each in mails}
    yield expect(
        f"{MAILS} mails, 1 again",
        f"{MAILS} in Outbox",
        len(outbox),
        outbox == wanted,
        note,
    )
    reviews = wait_until(lambda: reviewed(deployed), bool, timeout=30)
    found = [each["notification_id"] for each in reviews]
    yield expect(
        "2 refunds",
        "the large one in Reviews",
        found,
        found == [large["notification_id"]],
    )


def expect(
    sent: str, expected: str, arrived: object, holds: bool, note: str = ""
) -> Expectation:
    """Word an expectation."""
    return Expectation(sent, expected, str(arrived), holds, note)


def let_read_key(deployed: Deployed) -> str:
    """Allow the mailer what its policy says by the ARN; give the note that says so.

    CloudFormation gives a secret's ARN as its `Ref`, and the emulator its name, by
    which IAM allows nothing.
    """
    found = deployed.session.client("secretsmanager").describe_secret(
        SecretId=deployed.physical_id("SigningKey")
    )
    read = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": found["ARN"],
    }
    deployed.session.client("iam").put_role_policy(
        RoleName=deployed.physical_id("Mailer/Role"),
        PolicyName="SigningKey",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [read]}),
    )
    return (
        "the mailer was allowed to read SigningKey by API, since a secret's Ref is no "
        "ARN there"
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the mails and the archive."""
    outbox = deployed.physical_id("Outbox")
    yield f"aws dynamodb scan --table-name {outbox} --max-items 3"
    yield f"aws s3 ls --recursive s3://{deployed.physical_id('Archive')}"


def notification(
    deployed: Deployed, number: int, *, kind: str = "confirmed", total: float = 19.9
) -> dict[str, object]:
    """Make a notification that no earlier run has sent."""
    return {
        "notification_id": f"{deployed.run}-{number}",
        "order_id": f"o-{number}",
        "customer_id": "c-1",
        "kind": kind,
        "total": total,
    }


def publish(deployed: Deployed, message: str, kind: str) -> None:
    """Publish a message with the attribute that a filter reads."""
    deployed.session.client("sns").publish(
        TopicArn=deployed.physical_id("Notifications"),
        Message=message,
        MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
    )


def archived(deployed: Deployed) -> list[str]:
    """Read the keys of all that is archived."""
    pages = deployed.session.client("s3").get_paginator("list_objects_v2")
    return [
        item["Key"]
        for page in pages.paginate(Bucket=deployed.physical_id("Archive"))
        for item in page.get("Contents", [])
    ]


def mailed(deployed: Deployed) -> set[str]:
    """Read the ids of this run's mails."""
    pages = deployed.session.client("dynamodb").get_paginator("scan")
    found = {
        item["notification_id"]["S"]
        for page in pages.paginate(
            TableName=deployed.physical_id("Outbox"), ConsistentRead=True
        )
        for item in page["Items"]
    }
    return {each for each in found if each.startswith(deployed.run)}


def reviewed(deployed: Deployed) -> list[dict[str, str]]:
    """Read this run's refunds, and leave them there."""
    answer = deployed.session.client("sqs").receive_message(
        QueueUrl=deployed.physical_id("Reviews"),
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
    )
    bodies = [json.loads(each["Body"]) for each in answer.get("Messages", [])]
    return [each for each in bodies if each["notification_id"].startswith(deployed.run)]


DRIVER = Driver(
    stack="Notifications",
    drive=drive,
    look=look,
    unchecked=(
        "asynchronous destinations",
        "dead-letter queues of subscriptions",
        "X-Ray traces",
    ),
)
