"""Deploy the chosen stacks of the app and drive each; the same for any account."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from tests.e2e.cdk import Cdk, Stack
from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver, discover
from tests.e2e.errors import CommandError, UsageError, nearest
from tests.e2e.expect import Expectation
from tests.e2e.left_out import leave_out
from tests.e2e.progress import step
from tests.e2e.report import Result


@dataclass(frozen=True)
class Account:
    """Where to deploy to.

    Attributes:
        emulated: Whether it is the emulated account, which is empty at first.
    """

    cdk: Cdk
    emulated: bool


@dataclass(frozen=True)
class Candidate:
    """A stack that was chosen, with its driver."""

    stack: Stack
    driver: Driver


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        results: One for each stack that was chosen.
        look: Commands by which the user can look at it.
    """

    results: Sequence[Result]
    look: Sequence[str]


def known_drivers(names: Sequence[str]) -> dict[str, Driver]:
    """List the drivers by stem; fail early on *names* of stacks that there are not.

    Raises:
        UsageError: No driver knows a stack of that name.
    """
    drivers = dict(discover())
    known = [driver.stack for driver in drivers.values()]
    for name in names:
        if name not in known:
            raise UsageError(f"no stack {name}; {nearest(name, known)}")
    return drivers


def match(
    stacks: Sequence[Stack], drivers: Mapping[str, Driver], names: Sequence[str]
) -> Iterator[Candidate]:
    """Pair the chosen stacks of the app, all if none is, with their drivers.

    Raises:
        CommandError: A stack has no driver, or a driver no stack.
    """
    by_stack = {driver.stack: driver for driver in drivers.values()}
    paths = {stack.path for stack in stacks}
    for stem, driver in drivers.items():
        if driver.stack not in paths:
            raise CommandError(
                f"tests/e2e/drivers/{stem}.py drives {driver.stack}, which app.py does "
                f"not define; {nearest(driver.stack, paths)}"
            )
    for stack in stacks:
        if stack.path not in by_stack:
            raise CommandError(
                f"no driver for the stack {stack.path} of app.py; add "
                "tests/e2e/drivers/<stem>.py with the stem of its module in stacks/"
            )
        if not names or stack.path in names:
            yield Candidate(stack, by_stack[stack.path])


def run(
    account: Account,
    drivers: Mapping[str, Driver],
    names: Sequence[str],
    console: Console,
) -> Outcome:
    """Synthesize, deploy what the account can host, and drive each stack."""
    cdk = account.cdk
    with step(console, "synthesizing app.py", "synthesized app.py") as current:
        stacks = cdk.synth(current.detail)
    candidates = list(match(stacks, drivers, names))
    hosted = [c for c in candidates if not (account.emulated and c.driver.not_emulated)]
    if account.emulated:
        leave_out(cdk.assembly)
        with step(console, "bootstrapping", "bootstrapped"):
            cdk.bootstrap()
    seconds = deploy(cdk, hosted, console)
    look: list[str] = []
    results = [
        Result(candidate.stack.path, skipped=candidate.driver.not_emulated)
        for candidate in candidates
        if candidate not in hosted
    ]
    for candidate in hosted:
        stack = candidate.stack
        deployed = Deployed(stack.path, stack.name, account.emulated)
        result = drive(candidate.driver, deployed, cdk.state, console)
        results.append(replace(result, deploy_seconds=seconds.get(stack.path, 0.0)))
        look.extend(candidate.driver.look(deployed))
    return Outcome(results, look)


def deploy(
    cdk: Cdk, candidates: Sequence[Candidate], console: Console
) -> dict[str, float]:
    """Deploy, showing which resource it is at; give the seconds of each stack."""
    stacks = [candidate.stack for candidate in candidates]
    if not stacks:
        return {}
    names = ", ".join(stack.path for stack in stacks)
    with step(console, "deploying", f"deployed {names}") as current:
        return cdk.deploy(stacks, current.detail)


def drive(driver: Driver, deployed: Deployed, logs: Path, console: Console) -> Result:
    """Drive a stack; a driver that breaks is an expectation that does not hold."""
    path = deployed.path
    expectations: list[Expectation] = []
    with step(console, f"driving {path}", f"drove {path}") as current:
        try:
            expectations.extend(driver.drive(deployed))
        except Exception as error:
            with (logs / "driver.log").open("a") as log:
                traceback.print_exc(file=log)
            words = f"{type(error).__name__}: {error}"
            expectations.append(
                Expectation("its input", "its driver ends", words, holds=False)
            )
    return Result(
        path,
        tuple(expectations),
        drive_seconds=current.seconds,
        unchecked=driver.unchecked if deployed.emulated else (),
    )
