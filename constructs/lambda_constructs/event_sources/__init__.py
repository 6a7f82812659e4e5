"""Everything that can invoke a function: one class, and one module, per service.

A module is imported when its class is first asked for, so that a program pays for
those services only that it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambda_constructs._lazy import lazy_attributes

if TYPE_CHECKING:
    from lambda_constructs.event_sources.logs import LogsEventSource
    from lambda_constructs.event_sources.sns import SnsEventSource
    from lambda_constructs.event_sources.sqs import SqsEventSource

__all__ = [
    "LogsEventSource",
    "SnsEventSource",
    from lambda_constructs.event_sources.config import ConfigEventSource
    from lambda_constructs.event_sources.iot import IotEventSource
    from lambda_constructs.event_sources.sqs import SqsEventSource

__all__ = [
    "ConfigEventSource",
    "IotEventSource",
    "SqsEventSource",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "LogsEventSource": "logs",
        "SnsEventSource": "sns",
        "ConfigEventSource": "config",
        "IotEventSource": "iot",
        "SqsEventSource": "sqs",
    },
    retired={
        "IotEventsEventSource": (
            "AWS shut IoT Events down on 2026-05-20, so nothing can invoke by it; "
            "use IotEventSource for the messages, Step Functions for what a detector "
            "model remembers of a device, EventBridge for events of AWS itself"
        ),
    },
)
