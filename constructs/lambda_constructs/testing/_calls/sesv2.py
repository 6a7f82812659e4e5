"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html.

The content decides the action, as AWS's own refusals show: raw content is
`ses:SendRawEmail`, a template `ses:SendTemplatedEmail`.
"""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, found, same_name
from lambda_constructs.testing._calls.ses import envelope, sending


def send(request: Request) -> tuple[Need, ...]:
    """Simple, raw or templated."""
    content = request.mapping("Content")
    raw, template = content.get("Raw"), content.get("Template")
    sender, to = request.text("FromEmailAddress"), _recipients(request)
    action, name = "ses:SendEmail", ""
    if isinstance(raw, dict):
        action = "ses:SendRawEmail"
        written, addressed = envelope(raw.get("Data"))
        sender, to = sender or written, to or addressed
    elif isinstance(template, dict):
        action = "ses:SendTemplatedEmail"
        name = str(template.get("TemplateName") or "")
    return sending(
        request,
        action,
        sender,
        to,
        template=name,
        configuration_set=request.text("ConfigurationSetName"),
        version="2",
    )


def _recipients(request: Request) -> list[str]:
    return [
        each
        for field in ("ToAddresses", "CcAddresses", "BccAddresses")
        for each in found(request.params, f"Destination.{field}")
    ]


identity = at("ses", "identity/{}", "EmailIdentity")

OPERATIONS: dict[str, Rule] = {
    "SendEmail": send,
    **same_name("ses", identity, "GetEmailIdentity"),
    **same_name("ses", anywhere, "GetAccount", "ListEmailIdentities"),
}
