"""One run of a contract in an account of its own."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._deploy import deploy

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount
    from lambda_constructs.testing.stack import DeployedStack

Contract = Callable[["DeployedStack"], object]
"""Drives a deployed stack and asserts what has to hold."""

Source = tuple[str, Mapping[str, Any], Path | None]
"""A stack's name, its template, and the folder of its assets."""


@dataclass(frozen=True)
class Trial:
    """How a contract went.

    Attributes:
        failure: Why the deployment or the contract failed, if it did.
        refused: The calls of services that were refused.
        denied: The calls of handlers that were denied.
    """

    failure: str | None
    refused: frozenset[str]
    denied: frozenset[str]


class _StopError(BaseException):
    """A service was refused a call; nobody is to catch it on its way."""


@dataclass(frozen=True)
class Proving:
    """What all trials of a proof have in common."""

    sources: Sequence[Source]
    contract: Contract
    parameters: Mapping[str, str]
    seed: int
    region: str

    def account(self) -> LocalAccount:
        """Give a new account."""
        from lambda_constructs.testing.account import LocalAccount

        return LocalAccount(seed=self.seed, region=self.region)

    def deploy(
        self, account: LocalAccount, at: int, template: Mapping[str, Any]
    ) -> list[DeployedStack]:
        """Deploy every stack, one of them by another template."""
        return [
            deploy(
                account,
                name,
                template if number == at else own,
                folder,
                self.parameters,
            )
            for number, (name, own, folder) in enumerate(self.sources)
        ]

    def try_without(
        self, at: int, template: Mapping[str, Any], known: frozenset[str]
    ) -> Trial:
        """Run the contract where one stack has another template.

        It ends where a service is refused what is not *known* to be refused anyway.
        """

        def stop(what: str) -> None:
            if what not in known and current_thread() is main_thread():
                raise _StopError

        with self.account() as account:
            account.authority.on_refusal = stop
            failure = None
            try:
                self.contract(self.deploy(account, at, template)[-1])
            except (KeyboardInterrupt, SystemExit):
                raise
            except _StopError:
                pass
            except BaseException as error:  # pytest's own failures are no Exceptions
                failure = _first_line(error)
            return trial_of(account, failure)


def trial_of(account: LocalAccount, failure: str | None = None) -> Trial:
    """Read from an account what was refused in it."""
    calls = [
        (each.what, f"{each.where}: {each.detail}")
        for each in account.timeline
        if each.what in {"denied", "refused"}
    ]
    by_services = account.authority.refused_services
    refused = {text for what, text in calls if what == "refused"} | by_services
    denied = {text for what, text in calls if what == "denied"}
    return Trial(failure, frozenset(refused), frozenset(denied - refused))


def _first_line(error: BaseException) -> str:
    """Give what an error says, or where it comes from if it says nothing."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    silent = [each.line or "no words" for each in where]
    lines = str(error).strip().splitlines() or silent
    text = f"{type(error).__name__}: {lines[0]}"
    return text if len(text) <= 160 else text[:159] + "…"
