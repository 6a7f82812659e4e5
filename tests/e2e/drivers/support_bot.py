"""Talk to the bot: it tells of an order, and hands over what it does not understand."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

LOCALE = "en_GB"


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Ask for an order, then for a person."""
    number = f"ZZ{int(time.time()) % 1_000_000:06}"
    deployed.session.client("dynamodb").put_item(
        TableName=deployed.physical_id("Orders"),
        Item={
            "order_id": {"S": number},
            "postcode": {"S": "N17AA"},
            "status": {"S": "shipped"},
        },
    )
    session = f"run-{deployed.run}"
    for text in ("where is my order", number):
        say(deployed, session, text)
    told = say(deployed, session, "N1 7AA")
    yield Expectation(
        "an order's number and postcode", "on its way", told, "on its way" in told
    )
    say(deployed, session, "let me talk to a person")
    arrived = wait_until(
        lambda: handed_over(deployed), lambda found: session in found, timeout=30
    )
    yield Expectation(
        "the wish for a person", f"a handover of {session}", arrived, session in arrived
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show what people are to go on with."""
    yield f"aws sqs receive-message --queue-url {deployed.physical_id('Handovers')}"


def say(deployed: Deployed, session: str, text: str) -> str:
    """Say *text* to the bot, and give what it answers."""
    alias, _, bot = deployed.physical_id("Customers").partition("|")
    answer = deployed.session.client("lexv2-runtime").recognize_text(
        botId=bot, botAliasId=alias, localeId=LOCALE, sessionId=session, text=text
    )
    return " ".join(each.get("content", "") for each in answer.get("messages", []))


def handed_over(deployed: Deployed) -> str:
    """Read the handovers, which stay in the queue."""
    answer = deployed.session.client("sqs").receive_message(
        QueueUrl=deployed.physical_id("Handovers"),
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
    )
    return " ".join(each["Body"] for each in answer.get("Messages", [])) or "nothing"


DRIVER = Driver(
    stack="SupportBot",
    drive=drive,
    look=look,
    not_emulated="the emulator refuses AWS::Lex::Bot",
)
