"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html."""

from __future__ import annotations

from email import message_from_bytes
from email.utils import getaddresses, parseaddr

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, found, same_name


def send(request: Request) -> tuple[Need, ...]:
    """A message whose sender and recipients are parameters."""
    to = [
        each
        for field in ("ToAddresses", "CcAddresses", "BccAddresses")
        for each in found(request.params, f"Destination.{field}")
        + found(request.params, f"Destinations.Destination.{field}")
    ]
    return sending(
        request,
        f"ses:{request.operation}",
        request.text("Source"),
        to,
        template=request.text("Template"),
        configuration_set=request.text("ConfigurationSetName"),
    )


def send_raw(request: Request) -> tuple[Need, ...]:
    """A message that holds its own sender and recipients."""
    sender, to = envelope(request.mapping("RawMessage").get("Data"))
    return sending(
        request,
        "ses:SendRawEmail",
        request.text("Source") or sender,
        found(request.params, "Destinations") or to,
        configuration_set=request.text("ConfigurationSetName"),
    )


def envelope(data: object) -> tuple[str, list[str]]:
    """Sender and recipients of a MIME message."""
    raw = data.encode() if isinstance(data, str) else data
    message = message_from_bytes(raw if isinstance(raw, bytes) else b"")
    headers = [
        value for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])
    ]
    return message.get("From", ""), [address for _, address in getaddresses(headers)]


def sending(
    request: Request,
    action: str,
    sender: str,
    recipients: list[str],
    *,
    template: str = "",
    configuration_set: str = "",
    version: str = "1",
) -> tuple[Need, ...]:
    """On the identity, and on the template and configuration set if it has any."""
    name, address = parseaddr(sender)
    context: dict[str, str | tuple[str, ...]] = {
        "ses:ApiVersion": version,
        "ses:FromAddress": address,
        "ses:Recipients": tuple(recipients),
    }
    if name:
        context["ses:FromDisplayName"] = name
    if feedback := (
        request.text("ReturnPath") or request.text("FeedbackForwardingEmailAddress")
    ):
        context["ses:FeedbackAddress"] = feedback
    identity = (
        request.text("SourceArn")
        or request.text("FromEmailAddressIdentityArn")
        or request.arn(
            "ses",
            f"identity/{request.lookup.email_identity(address, request.region)}",
        )
    )
    places = [
        identity,
        *([request.arn("ses", f"template/{template}")] if template else []),
        *(
            [request.arn("ses", f"configuration-set/{configuration_set}")]
            if configuration_set
            else []
        ),
    ]
    return tuple(request.need(action, place, context) for place in places)


OPERATIONS: dict[str, Rule] = {
    "SendEmail": send,
    "SendTemplatedEmail": send,
    "SendBulkTemplatedEmail": send,
    "SendRawEmail": send_raw,
    **same_name(
        "ses",
        anywhere,
        "GetIdentityVerificationAttributes",
        "GetSendQuota",
        "GetSendStatistics",
        "ListIdentities",
        "VerifyEmailIdentity",
    ),
}
