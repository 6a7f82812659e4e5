"""Where moto itself has to be looked into, or helped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sqs.models import sqs_backends

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


def messages_of(account: LocalAccount, queue: str) -> list[Any]:
    """Give a queue's messages, visible or not; receiving them would count."""
    return list(_queue(account, queue)._messages)


def release_visible(account: LocalAccount, queue: str) -> None:
    """Let go of messages that are visible again.

    moto 5.2 lets go of one at a time while it looks for more, so that the second
    message of a FIFO group would overtake the first.
    """
    pending = _queue(account, queue).pending_messages
    pending.difference_update([each for each in pending if each.visible])


def _queue(account: LocalAccount, name: str) -> Any:
    return sqs_backends[account.id][account.region].queues[name]
