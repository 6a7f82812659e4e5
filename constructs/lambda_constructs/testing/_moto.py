"""Where moto itself has to be looked into, or helped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.core import models as core_models
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.sns.models import sns_backends
from moto.sqs import models as sqs_models
from moto.sqs.models import Queue, sqs_backends
from responses import CallbackResponse

if TYPE_CHECKING:
    from lambda_constructs.testing._clock import Clock
    from lambda_constructs.testing.account import LocalAccount

RESPONSE = "CallbackResponse"
NAMES = "camelcase_to_underscores"
COUNTS = {
    "ApproximateNumberOfMessages": "approximate_number_of_messages",
    "ApproximateNumberOfMessagesDelayed": "approximate_number_of_messages_delayed",
    "ApproximateNumberOfMessagesNotVisible": (
        "approximate_number_of_messages_not_visible"
    ),
}


def messages_of(account: LocalAccount, queue: str) -> list[Any]:
    """Give a queue's messages, visible or not; receiving them would count."""
    return list(_queue(account, queue)._messages)


def published_to(account: LocalAccount, topic: str) -> list[str]:
    """Give the messages of a topic, which AWS does not keep."""
    sent = sns_backends[account.id][account.region].topics[topic].sent_notifications
    return [str(each[1]) for each in sent]


def read_body(text: str) -> Any:
    """Give what a message says: parsed where it is JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def release_visible(account: LocalAccount, queue: str) -> None:
    """Let go of messages that are visible again.

    moto 5.2 lets go of one at a time while it looks for more, so that the second
    message of a FIFO group would overtake the first.
    """
    pending = _queue(account, queue).pending_messages
    pending.difference_update([each for each in pending if each.visible])


def _queue(account: LocalAccount, name: str) -> Any:
    return sqs_backends[account.id][account.region].queues[name]


@contextmanager
def quick_start() -> Iterator[None]:
    """Spare moto's start what it makes anew each time.

    moto 5.2 makes some thousand objects, one for each pattern of a URL; they are the
    same for each account.
    """
    with patch.object(core_models, RESPONSE, _response):
        yield


@cache
def _response(**given: Any) -> CallbackResponse:
    return CallbackResponse(**given)


@contextmanager
def quick_queues(clock: Clock) -> Iterator[None]:
    """Spare moto's queues what makes them quadratic.

    moto 5.2 counts all messages of a queue whenever it looks up an attribute, which it
    does for each message that it takes or gives, and asks the time for each of them.
    """
    slow: Any = vars(Queue)["attributes"]
    no_counts: dict[str, Any] = dict.fromkeys(COUNTS.values(), 0)

    def attributes(queue: Queue) -> dict[str, Any]:
        with patch.multiple(Queue, **no_counts):
            return _Attributes(queue, slow.fget(queue))

    with (
        patch.object(sqs_models, "unix_time", clock.now),
        patch.object(sqs_models, "unix_time_millis", lambda: clock.now() * 1000),
        patch.object(Queue, "attributes", property(attributes)),
        patch.object(sqs_models, NAMES, cache(getattr(sqs_models, NAMES))),
    ):
        yield


@contextmanager
def unguarded_buckets() -> Iterator[None]:
    """Leave the policies of buckets to the account, which knows conditions.

    moto 5.2 reads none, so that a policy which refuses plain HTTP refuses everything.
    """
    nothing = PermissionResult.NEUTRAL
    with patch.object(FakeBucket, "get_permission", lambda *_: nothing):
        yield


class _Attributes(dict[str, Any]):
    """A queue's attributes, which are counted when they are read."""

    def __init__(self, queue: Queue, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._queue = queue

    def __getitem__(self, name: str) -> Any:
        if name in COUNTS:
            return getattr(self._queue, COUNTS[name])
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  (would recurse)

    def items(self) -> Any:
        return [(name, self[name]) for name in self]
