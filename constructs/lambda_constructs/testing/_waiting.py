"""Lets time pass until something has happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


def wait_for(account: LocalAccount, done: Callable[[], bool], most: float) -> bool:
    """Let up to *most* seconds pass until it is done; tell whether it is."""
    deadline = account.clock.now() + most
    account.advance(0)
    while not done():
        due = account.clock.next_due()
        left = deadline - account.clock.now()
        if left <= 0 or due is None or due > deadline:
            account.clock.move_to(deadline)
            return False
        account.advance(max(0.0, due - account.clock.now()))
    return True
