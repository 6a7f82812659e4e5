"""Every function of the reference stacks: its handler and its variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "lambda_src"


@dataclass(frozen=True)
class Function:
    """A function of a reference stack.

    Attributes:
        stem: Its folder below `lambda_src`.
        handler: As Lambda is told it, `module.name`.
        variables: What the stack sets and the module reads when it is imported; the
            names of resources are made up.
    """

    stem: str
    handler: str = "index.handler"
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The module that Lambda imports."""
        return self.handler.rpartition(".")[0]

    @property
    def name(self) -> str:
        """What tells it from the others."""
        if self.handler == "index.handler":
            return self.stem
        return f"{self.stem}/{self.handler.removesuffix('.handler')}"

    @property
    def peer(self) -> str:
        """The handler that does the same work in a folder of peers."""
        if self.name == self.stem:
            return f"{self.stem}.handler"
        return f"{self.stem}.{re.split('[/.]', self.name)[-1]}"

    @property
    def folder(self) -> Path:
        """Its code."""
        return SOURCES / self.stem

    @property
    def has_dependencies(self) -> bool:
        """Whether it brings more than its own code."""
        return (self.folder / "requirements.txt").exists()


def _named(*names: str, **others: str) -> dict[str, str]:
    return {name: name.lower().replace("_", "-") for name in names} | others


QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:"
SKILL = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
TABLE = _named("TABLE")

FUNCTIONS = (
    Function("batch_relabel"),
    Function("canary_release", "quotes.handler"),
    Function("canary_release", "smoke.handler", {"NEW_VERSION": "quotes:2"}),
    Function("checkout_workflow", "index.stock", TABLE),
    Function("checkout_workflow", "index.payments", TABLE),
    Function("checkout_workflow", "index.courier", TABLE),
    Function("compliance_rule"),
    Function("delivery_transform"),
    Function(
        "device_telemetry",
        variables=_named(
            "DEVICES_TABLE",
            "READINGS_TABLE",
            ALERTS_TOPIC=f"{TOPIC}alerts",
            ALERT_ABOVE_CELSIUS="80",
        ),
    ),
    Function("edge_site", "viewer_request.handler"),
    Function("edge_site", "origin_request.handler"),
    Function("edge_site", "origin_response.handler"),
    Function("edge_site", "viewer_response.handler"),
    Function(
        "fifo_ledger",
        variables=_named(
            "ACCOUNTS_TABLE",
            "ENTRIES_TABLE",
            "TRANSFERS_TABLE",
            DEAD_LETTERS_URL=f"{QUEUE}dead-letters.fifo",
        ),
    ),
    Function(
        "log_alerts",
        variables=_named("TOLD_TABLE", ALERTS_TOPIC_ARN=f"{TOPIC}alerts"),
    ),
    Function("mail_intake", variables=_named("MAILS_BUCKET", "MESSAGES_TABLE")),
    Function(
        "nightly_cleanup",
        variables={"DRY_RUN": "true", "REQUIRED_TAG": "Owner", "VOLUME_DAYS": "30"},
    ),
    Function(
        "notifications",
        "mailer.handler",
        _named(
            "OUTBOX_TABLE",
            SIGNING_KEY_ARN="arn:aws:secretsmanager:eu-west-1:123456789012:secret:key",
        ),
    ),
    Function(
        "notifications",
        "reviewer.handler",
        {"REVIEWS_QUEUE_URL": f"{QUEUE}reviews.fifo"},
    ),
    Function("notifications", "archivist.handler", _named("ARCHIVE_BUCKET")),
    Function("order_events", "shipping.handler", _named("SHIPMENTS_TABLE")),
    Function("order_events", "loyalty.handler", _named("POINTS_TABLE")),
    Function("orders_api", "index.http_handler", _named("ORDERS_TABLE")),
    Function("orders_api", "index.rest_handler", _named("ORDERS_TABLE")),
    Function("pipeline_gate", variables=_named("FREEZES_PARAMETER")),
    Function(
        "repository_hook",
        variables=_named(
            "COMMITS_TABLE", FINDINGS_TOPIC=f"{TOPIC}findings", MOST_BYTES="1048576"
        ),
    ),
    Function("seed_data", variables=TABLE),
    Function("sign_up_flow", "gate.handler", {"ALLOWED_DOMAINS": "example.com"}),
    Function("sign_up_flow", "welcome.handler", _named("GROUP", "PROFILES_TABLE")),
    Function("sign_up_flow", "claims.handler", _named("PROFILES_TABLE")),
    Function("sqs_worker", variables=_named("IDEMPOTENCY_TABLE", "ORDERS_TABLE")),
    Function("stream_processor", variables=_named("COUNTED_TABLE", "COUNTS_TABLE")),
    Function(
        "support_bot",
        variables=_named("ORDERS_TABLE", HANDOVERS_QUEUE_URL=f"{QUEUE}handovers"),
    ),
    Function(
        "table_projector",
        variables=_named("ORDERS_BY_CUSTOMER_TABLE", "PROJECTED_TABLE"),
    ),
    Function("thumbnailer", variables=_named("THUMBNAILS_BUCKET")),
    Function("voice_skill", variables={"SKILL_ID": SKILL}),
    Function(
        "web_backend",
        variables=_named("IMAGES_BUCKET", "ITEMS_TABLE", ITEMS_INDEX="ByCategory"),
    ),
)
"""In the order of their folders."""


def named(name: str) -> Function:
    """Give the function of that name."""
    (found,) = [each for each in FUNCTIONS if each.name == name]
    return found


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Give a process the variables that Lambda gives one, and no more."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "LANG": "en_US.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "POWERTOOLS_SERVICE_NAME": "service",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "TZ": "UTC",
        **dict.fromkeys(keys, "testing"),
        **variables,
    }
