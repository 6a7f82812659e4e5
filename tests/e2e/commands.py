"""The commands: `local`, `aws` and `stop`."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.e2e import kept
from tests.e2e.cdk import Cdk
from tests.e2e.emulator import Emulator, emulated_account
from tests.e2e.environment import credentials, for_emulated_account, for_real_account
from tests.e2e.errors import CommandError
from tests.e2e.identity import who_am_i
from tests.e2e.processes import handle_interrupts
from tests.e2e.progress import make_console, say, step
from tests.e2e.report import exit_code, render
from tests.e2e.run import Account, Outcome, known_drivers, run
from tests.e2e.workspace import Workspace, workspace

INTERRUPTED = 130
FOR_HOST = {
    # The emulator looks at no certificate, but at the rule that there is one.
    "certificate-arn": "arn:aws:acm:us-east-1:000000000000:certificate/0",
    "lambda-constructs:package-for-host": "true",
}
# Whereas functions run under their roles.
UNCHECKED = (
    "alarms going off",
    "permissions of event source mappings",
    "saved queries",
)

app = typer.Typer(
    help="Deploy the reference stacks, send them real input, report what came out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@contextmanager
def in_one_message() -> Iterator[None]:
    """Say in one message why a command failed."""
    try:
        yield
    except CommandError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; nothing is left running here", err=True)
        raise typer.Exit(INTERRUPTED) from None


Stacks = Annotated[
    list[str] | None,
    typer.Argument(help="The stacks, by their ids in app.py.", show_default="all"),
]


@app.command()
@in_one_message()
def local(
    stacks: Stacks = None,
    emulator_python: Annotated[
        Path,
        typer.Option(help="A Python that has ministack.", show_default="in .venv"),
    ] = Path(sys.prefix) / "emulator" / "bin" / "python",
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="A loopback port.", show_default="a free one"
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the account up; `stop` ends it.")
    ] = False,
) -> None:
    """Deploy into an emulated account on this machine; needs no AWS account."""
    started, console = time.monotonic(), make_console()
    drivers = known_drivers(stacks or [])
    with workspace() as work, up(work, emulator_python, port, console) as emulator:
        work.keep = keep
        cdk = Cdk(os.environ, work.folder, FOR_HOST)
        try:
            outcome = run(Account(cdk, emulated=True), drivers, stacks or [], console)
        except CommandError:
            if keep:
                explain(console, emulator, ())
            raise
        code = report(console, outcome, work, started, UNCHECKED)
        if keep:
            explain(console, emulator, outcome.look)
    raise typer.Exit(code)


@app.command()
@in_one_message()
def aws(
    stacks: Stacks = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Delete the stacks again afterwards.")
    ] = False,
) -> None:
    """Deploy into the account of your AWS credentials; that costs a few cents."""
    started, console = time.monotonic(), make_console()
    drivers = known_drivers(stacks or [])
    identity = who_am_i()
    if not yes:
        what = ", ".join(stacks or ["all reference stacks"])
        typer.confirm(
            f"Deploy {what} with their IAM roles into account {identity.account}, "
            f"{identity.region}, as {identity.arn}?",
            abort=True,
        )
    os.environ.update(for_real_account(identity.region))
    with workspace() as work:
        account = Account(Cdk(os.environ, work.folder), emulated=False)
        outcome = run(account, drivers, stacks or [], console)
        code = report(console, outcome, work, started, ())
        if destroy:
            names = [result.stack for result in outcome.results]
            done = "deleted the stacks, but for what their removal policies retain"
            with step(console, "deleting the stacks", done):
                account.cdk.destroy(names)
    raise typer.Exit(code)


@app.command()
@in_one_message()
def stop() -> None:
    """Stop the accounts that `local --keep` left up, and remove all they wrote."""
    accounts = list(kept.find())
    for account in accounts:
        account.stop()
        typer.echo(f"stopped the account on port {account.port}")
    if not accounts:
        typer.echo("no account is up")


@contextmanager
def up(
    work: Workspace, python: Path, port: int | None, console: Console
) -> Iterator[Emulator]:
    """Bring an emulated account up; no client of this process reaches another one."""
    began = time.monotonic()
    with emulated_account(work, python, port) as emulator:
        seconds = time.monotonic() - began
        say(console, f"started {emulator.name} on {emulator.endpoint}", seconds)
        environment = for_emulated_account(emulator.state, emulator.endpoint)
        os.environ.clear()
        os.environ.update(environment)
        yield emulator


def report(
    console: Console,
    outcome: Outcome,
    work: Workspace,
    started: float,
    unchecked: Sequence[str],
) -> int:
    """Print what came of it; save the logs if it is not what was expected."""
    seconds = time.monotonic() - started
    render(console, outcome.results, seconds=seconds, unchecked=unchecked)
    code = exit_code(outcome.results)
    if code:
        console.print(f"The logs are in {work.save_logs()}")
    return code


def explain(console: Console, emulator: Emulator, commands: Sequence[str]) -> None:
    """Say how to talk to an account that stays up, and how to stop it."""
    variables = [
        f"{name}={shlex.quote(value)}"
        for name, value in credentials(emulator.state, emulator.endpoint).items()
    ]
    stop_it = f"{shlex.quote(os.path.relpath(sys.executable))} -m tests.e2e stop"
    lines = [
        "",
        "The account stays up. To talk to it:",
        f"  export {' '.join(variables[:2])}",
        f"  export {' '.join(variables[2:])}",
        *(f"  {command}" for command in commands),
        "To stop it and remove all it wrote:",
        f"  {stop_it}",
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def main() -> None:
    """Run the command that the arguments name."""
    handle_interrupts()
    app(prog_name="python -m tests.e2e")
