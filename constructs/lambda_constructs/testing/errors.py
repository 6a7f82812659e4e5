"""What the test kit says when it is used wrongly, or asked for what it lacks."""

from __future__ import annotations

__all__ = ["AccountError", "UnmodelledError"]


class AccountError(Exception):
    """The account was asked for something that is not there or cannot be done."""


class UnmodelledError(AccountError):
    """An event would have to pass through what the kit does not model."""
