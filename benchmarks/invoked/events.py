"""Events for each reference handler: any number of records, each with its own ids."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "events"
Event = dict[str, Any]


def saved(name: str) -> Event:
    """Read a fresh copy of an event as AWS documents it."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text()))


def _encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


LINES = [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}] * 3


def _sqs(record: Event, number: int) -> None:
    order = {"order_id": f"o-{number}", "customer_id": "c-1", "items": LINES}
    record |= {"messageId": f"m-{number}", "body": json.dumps(order)}


def _fifo(record: Event, number: int) -> None:
    transfer = {
        "transfer_id": f"t-{number}",
        "from_account": f"a-{number}",
        "to_account": "bob",
        "amount": 5,
    }
    record |= {"messageId": f"m-{number}", "body": json.dumps(transfer)}
    record["attributes"]["MessageGroupId"] = f"a-{number}"


def _kinesis(record: Event, number: int) -> None:
    record["eventID"] = f"shardId-000000000000:{number:056}"
    click = {"page": f"/page/{number % 50}", "at": "2026-11-21T10:00:00Z"}
    record["kinesis"] |= {"sequenceNumber": f"{number:056}", "data": _encoded(click)}


def _dynamodb(record: Event, number: int) -> None:
    record["eventID"] = f"{number:032x}"
    change = record["dynamodb"]
    change |= {
        "Keys": {"order_id": {"S": f"o-{number}"}},
        "SequenceNumber": str(number + 10**24),
    }
    for image in ("NewImage", "OldImage"):
        change[image]["order_id"] = {"S": f"o-{number}"}


def _firehose(record: Event, number: int) -> None:
    arrived = datetime.fromtimestamp(record["approximateArrivalTimestamp"] / 1e3, UTC)
    detail = {"total": "9.95", "lines": LINES}
    event = {"type": "order_placed", "id": f"e-{number}", "at": arrived.isoformat()}
    record |= {
        "recordId": f"{number:056}",
        "data": _encoded(event | {"detail": detail}),
    }


BATCHES: dict[str, tuple[str, str, Callable[[Event, int], None]]] = {
    "delivery_transform": ("firehose", "records", _firehose),
    "fifo_ledger": ("sqs_fifo", "Records", _fifo),
    "sqs_worker": ("sqs", "Records", _sqs),
    "stream_processor": ("kinesis", "Records", _kinesis),
    "table_projector": ("dynamodb", "Records", _dynamodb),
}
"""By function: the saved event, where its records are, and what tells one apart."""


def _log_lines(count: int, number: int) -> Event:
    """Every tenth line is an error, of one of five kinds."""
    lines = [
        {"level": "ERROR", "message": f"kind {'abcde'[it // 10 % 5]} failed"}
        if it % 10 == 0
        else {"level": "INFO", "message": "fine"}
        for it in range(count)
    ]
    batch = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/lambda/shop",
        "logStream": f"stream-{number}",
        "logEvents": [{"id": "1", "message": json.dumps(line)} for line in lines],
    }
    packed = gzip.compress(json.dumps(batch).encode())
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


def _notification(number: int, **message: object) -> Event:
    event = saved("sns")
    told = {"notification_id": f"n-{number}", "order_id": "o-1", **message}
    event["Records"][0]["Sns"] |= {
        "MessageId": f"95df01b4-{number}",
        "Message": json.dumps(told),
    }
    return event


def _step(number: int) -> Event:
    order = {
        "order_id": f"o-{number}",
        "customer_id": "c-1",
        "cents": 1990,
        "day": "2026-11-26",
        "items": {"A1": 2, "B2": 1},
    }
    return {"action": "take", "order": order}


def _quote(_: int) -> Event:
    return {
        "version": "2.0",
        "rawPath": "/quote",
        "queryStringParameters": {"zone": "europe", "kg": "2.5"},
        "headers": {},
        "requestContext": {
            "requestId": "request",
            "stage": "$default",
            "http": {"method": "GET", "path": "/quote"},
        },
        "isBase64Encoded": False,
    }


def _posted(name: str) -> Callable[[int], Event]:
    def post(number: int) -> Event:
        event = saved(name)
        for headers in (event["headers"], event.get("multiValueHeaders", {})):
            for key in headers:
                if key.lower() == "idempotency-key":
                    value = f"key-{number:08}"
                    headers[key] = [value] if isinstance(headers[key], list) else value
        return event | {"body": json.dumps({"items": LINES}), "isBase64Encoded": False}

    return post


def _uploaded(number: int) -> Event:
    event = saved("s3_event_bridge")
    event["detail"]["object"]["key"] = f"images/{number}.jpg"
    return event


def _mailed(_: int) -> Event:
    return saved("ses")


def _asked(number: int) -> Event:
    event = saved("alexa")
    event["request"]["requestId"] = f"request-{number}"
    event["request"]["timestamp"] = datetime.now(UTC).isoformat()
    return event


def _reading(number: int) -> Event:
    return saved("iot_telemetry") | {"device_id": f"press-{number}"}


def _hook(_: int) -> Event:
    return {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook"}


def _same(name: str) -> Callable[[int], Event]:
    return lambda _: saved(name)


SINGLE: dict[str, Callable[[int], Event]] = {
    "batch_relabel": _same("s3_batch"),
    "canary_release/quotes": _quote,
    "canary_release/smoke": _hook,
    "checkout_workflow/index.stock": _step,
    "checkout_workflow/index.payments": _step,
    "checkout_workflow/index.courier": _step,
    "compliance_rule": _same("config_change"),
    "device_telemetry": _reading,
    "edge_site/viewer_request": _same("cloudfront_viewer_request"),
    "edge_site/origin_request": _same("cloudfront_origin_request"),
    "edge_site/origin_response": _same("cloudfront_origin_response"),
    "edge_site/viewer_response": _same("cloudfront_viewer_response"),
    "mail_intake": _mailed,
    "nightly_cleanup": _same("schedule"),
    "notifications/mailer": lambda number: _notification(
        number, customer_id="c-1", kind="confirmed"
    ),
    "notifications/reviewer": lambda number: _notification(number, total=199.9),
    "notifications/archivist": lambda number: _notification(number, total=199.9),
    "order_events/shipping": _same("order_placed"),
    "order_events/loyalty": _same("order_placed"),
    "orders_api/index.http_handler": _posted("http_api"),
    "orders_api/index.rest_handler": _posted("rest_api"),
    "pipeline_gate": _same("codepipeline"),
    "repository_hook": _same("codecommit"),
    "seed_data": _same("cloudformation"),
    "sign_up_flow/gate": _same("cognito_pre_sign_up"),
    "sign_up_flow/welcome": _same("cognito_post_confirmation"),
    "sign_up_flow/claims": _same("cognito_pre_token"),
    "support_bot": _same("lex"),
    "thumbnailer": _uploaded,
    "voice_skill": _asked,
    "web_backend": _same("alb"),
}
"""By function: one event, given a number."""


def takes_batches(name: str) -> bool:
    """Tell whether an event of the function has as many records as one likes."""
    return name in BATCHES or name == "log_alerts"


def event_of(name: str, count: int, number: int) -> Event:
    """Make an event with *count* records, the first of which has this number."""
    if name == "log_alerts":
        return _log_lines(count, number)
    if name not in BATCHES:
        return SINGLE[name](number)
    source, key, tell_apart = BATCHES[name]
    made = saved(source)
    text = json.dumps(made[key][0])
    made[key] = []
    for each in range(number, number + count):
        record = json.loads(text)
        tell_apart(record, each)
        made[key].append(record)
    return made
