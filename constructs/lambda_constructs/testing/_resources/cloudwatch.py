"""Amazon CloudWatch: alarms are kept, dashboards and saved queries change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from lambda_constructs.testing._alarms import is_modelled
from lambda_constructs.testing._calls import needs
from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "cloudwatch.amazonaws.com"


def create_alarm(request: Request) -> Created:
    """Keep an alarm; what asks for its state has it worked out then."""
    properties = request.properties
    name = request.name(properties.get("AlarmName"), most=255)
    request.account.alarms[name] = properties
    if not is_modelled(properties):
        request.account.note_unmodelled(request, "the state of such an alarm")
    return Created(name, {"Arn": request.arn("cloudwatch", f"alarm:{name}")})


def check_actions(account: LocalAccount, names: Iterable[str]) -> None:
    """Note which topics CloudWatch could not tell of an alarm, keys included.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    place = account.authority.place()
    for name in names:
        arn = f"arn:aws:cloudwatch:{account.region}:{account.id}:alarm:{name}"
        for action in account.alarms[name].get("AlarmActions", []):
            if not str(action).startswith(f"arn:aws:sns:{account.region}:{account.id}"):
                continue
            message = {"TopicArn": str(action), "Message": name}
            for need in needs("sns", "Publish", message, **place):
                with suppress(DeliveryError):  # which is in the timeline
                    sender = Sender(PRINCIPAL, arn)
                    check(account, sender, need.action, need.resource, need.context)


def create_view(request: Request) -> Created:
    """Do nothing: a person looks at it, and no event passes through."""
    return Created(request.name())


CREATE: dict[str, Create] = {
    "AWS::CloudWatch::Alarm": create_alarm,
    "AWS::CloudWatch::Dashboard": create_view,
    "AWS::Logs::QueryDefinition": create_view,
}
