"""Mail, and the rules that it may match.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from lambda_constructs.testing.errors import AccountError

VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")


@dataclass(frozen=True)
class ReceiptRule:
    """What is done with the mail for some recipients."""

    name: str
    arn: str
    path: str
    recipients: tuple[str, ...]
    actions: tuple[Mapping[str, Any], ...]
    enabled: bool = True

    def for_(self, recipients: Sequence[str]) -> list[str]:
        """Give those recipients that the rule is for."""
        if not self.recipients:
            return list(recipients)
        return [
            address
            for address in recipients
            if any(_is_for(each.lower(), address.lower()) for each in self.recipients)
        ]


@dataclass(frozen=True)
class Letter:
    """One mail."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    verdicts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := self.verdicts.keys() - set(VERDICTS):
            raise AccountError(
                f"SES has no verdict on {', '.join(sorted(unknown))}, but on "
                f"{', '.join(VERDICTS)}"
            )


def event_of(
    at: float, letter: Letter, recipients: list[str], action: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the event in its documented shape; it has no body."""
    now = datetime.fromtimestamp(at, UTC)
    timestamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    headers = {name.lower(): str(each) for name, each in letter.message.items()}
    mail = {
        "timestamp": timestamp,
        "source": letter.sender,
        "messageId": letter.id,
        "destination": list(letter.recipients),
        "headersTruncated": False,
        "headers": [
            {"name": name, "value": str(each)} for name, each in letter.message.items()
        ],
        "commonHeaders": {
            "returnPath": letter.sender,
            "from": [headers["from"]],
            "date": headers["date"],
            "to": [headers["to"]],
            "messageId": headers["message-id"],
            "subject": headers.get("subject", ""),
        },
    }
    receipt = {
        "timestamp": timestamp,
        "processingTimeMillis": 1,
        "recipients": recipients,
        **{
            f"{each}Verdict": {"status": letter.verdicts.get(each, "PASS")}
            for each in VERDICTS
        },
        "action": action,
    }
    record = {
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {"mail": mail, "receipt": receipt},
    }
    return {"Records": [record]}


def _is_for(pattern: str, address: str) -> bool:
    domain = address.rpartition("@")[2]
    if "@" in pattern:
        return address == pattern
    return domain.endswith(pattern) if pattern[0] == "." else domain == pattern
