"""One driver per reference stack: `<stem>.py` for the stack of `stacks/<stem>.py`.

A driver module defines `DRIVER`; being in this package is all it takes to join.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module

from tests.e2e.deployed import Deployed
from tests.e2e.expect import Expectation


def nothing(_deployed: Deployed) -> Iterable[str]:
    """Suggest no commands."""
    return ()


@dataclass(frozen=True)
class Driver:
    """How a deployed stack is sent real input.

    Attributes:
        stack: The construct path of the stack in app.py.
        drive: Send the input, wait, and say what came of it.
        look: Give AWS CLI commands by which the user can look at what came of it.
        not_emulated: Why the emulator cannot host the stack, where it cannot.
        unchecked: What the emulator does not do and a deploy here so cannot show.
    """

    stack: str
    drive: Callable[[Deployed], Iterable[Expectation]]
    look: Callable[[Deployed], Iterable[str]] = nothing
    not_emulated: str | None = None
    unchecked: tuple[str, ...] = ()


def discover() -> Iterator[tuple[str, Driver]]:
    """List the drivers of this package by their stems."""
    for module in pkgutil.iter_modules(__path__):
        yield module.name, import_module(f"{__name__}.{module.name}").DRIVER
