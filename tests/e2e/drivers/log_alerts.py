"""Log errors as an application does, some of them again, and read the alerts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

KINDS = ("payment is refused", "order is not stored")
NOTE = (
    "each line has both words of the filter, since the emulator wants all terms of a "
    "pattern where CloudWatch Logs wants any"
)


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Log two kinds of errors, then one of them again beside a third."""
    # Letters only: numbers do not tell one kind from another, which this has to.
    run = deployed.run.translate(str.maketrans("0123456789-", "ghijklmnopq"))
    with subscribed(deployed) as queue:
        first = [
            f"ERROR {kind} in {run}x, id {n}, not CRITICAL"
            for kind in KINDS
            for n in range(3)
        ]
        write(deployed, "INFO all is well", *first)
        alerts = wait_until(lambda: received(deployed, queue), bool, timeout=60)
        text = "\n".join(alerts)
        yield Expectation(
            "2 kinds of errors, 3 times each",
            "1 alert of both",
            f"{len(alerts)} of {text.count('3 x ERROR')}",
            len(alerts) == 1 and text.count("3 x ERROR") == len(KINDS),
            NOTE,
        )
        write(deployed, first[0])
        write(deployed, f"CRITICAL disk of {run}x is full, an ERROR")
        again = wait_until(lambda: received(deployed, queue), bool, timeout=60)
        text = "\n".join(again)
        yield Expectation(
            "one of them again, and a new one",
            "1 alert of the new one",
            f"{len(again)} of {'the new one' if 'disk' in text else 'another'}",
            len(again) == 1 and "1 x CRITICAL disk" in text and "payment" not in text,
        )


def look(deployed: Deployed) -> Iterator[str]:
    """Show what was told, and what the watcher says of it."""
    told = deployed.physical_id("Told")
    yield f"aws dynamodb scan --table-name {told} --max-items 3"
    yield f"aws logs tail {deployed.physical_id('Watcher/Logs')}"


@contextmanager
def subscribed(deployed: Deployed) -> Iterator[str]:
    """Have a queue that gets the alerts; give its URL."""
    sqs, sns = deployed.session.client("sqs"), deployed.session.client("sns")
    topic = deployed.physical_id("Alerts")
    url = sqs.create_queue(QueueName=f"alerts-{deployed.run}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", '
        f'"Resource": "{arn}", '
        f'"Condition": {{"ArnEquals": {{"aws:SourceArn": "{topic}"}}}}}}]}}'
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true"},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    try:
        yield url
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=url)


def write(deployed: Deployed, *lines: str) -> None:
    """Log lines as the application would."""
    logs = deployed.session.client("logs")
    group = deployed.physical_id("Application")
    stream = f"{deployed.run}-{time.time_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName=stream,
        logEvents=[{"timestamp": now, "message": each} for each in lines],
    )


def received(deployed: Deployed, queue: str) -> list[str]:
    """Take the alerts that came since."""
    sqs = deployed.session.client("sqs")
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    messages = answer.get("Messages", [])
    for each in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [each["Body"] for each in messages]


DRIVER = Driver(
    stack="LogAlerts",
    drive=drive,
    look=look,
    unchecked=(
        "alternatives in filter patterns",
        "asynchronous destinations",
        "X-Ray traces",
    ),
)
