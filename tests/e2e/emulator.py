"""The emulated account: a server on loopback that runs the functions itself."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from tests.e2e import kept
from tests.e2e.certificate import make_certificate
from tests.e2e.environment import HOST, certificate_file, for_emulator
from tests.e2e.errors import CommandError, UsageError
from tests.e2e.processes import end_group, uninterrupted
from tests.e2e.workspace import Workspace, tail

START_SECONDS = 30.0


@dataclass(frozen=True)
class Emulator:
    """An emulated account that is up.

    Attributes:
        state: The folder of everything that it and its clients write.
        name: What it is, with its version.
        endpoint: The URL that every AWS client takes as its endpoint.
    """

    state: Path
    name: str
    endpoint: str


@contextmanager
def emulated_account(
    work: Workspace, python: Path, port: int | None = None
) -> Iterator[Emulator]:
    """Start an emulated account; stop it at the end, unless *work* is kept."""
    if not os.access(python, os.X_OK) or python.is_dir():
        raise UsageError(
            f"no emulator at {python}; `make deploy-local` installs it, or pass "
            "--emulator-python with a Python that has ministack"
        )
    port = free_port(port)
    make_certificate(work.folder)
    process = start(python, work.folder, port)
    try:
        wait_until_healthy(process, port, work.folder)
        yield Emulator(work.folder, name_of(python), f"https://{HOST}:{port}")
    except KeyboardInterrupt:
        work.keep = False
        raise
    finally:
        with uninterrupted():
            if work.keep and process.poll() is None:
                kept.leave(work.folder, process, port)
            else:
                end_group(process)


def free_port(port: int | None) -> int:
    """Give *port*, or any free one; raise if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            raise UsageError(
                f"cannot listen on port {port} of {HOST}: {error.strerror}; "
                "pass another --port, or none to take a free one"
            ) from None
        return int(probe.getsockname()[1])


def start(python: Path, state: Path, port: int) -> subprocess.Popen[str]:
    """Start the server in a session of its own, where no Ctrl-C reaches it."""
    with (state / "emulator.log").open("w") as log:
        return subprocess.Popen(
            # Absolute but not resolved, which would lead out of its environment.
            [python.absolute(), Path(__file__).with_name("server.py"), state],
            env=for_emulator(state, port),
            cwd=state,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )


def wait_until_healthy(process: subprocess.Popen[str], port: int, state: Path) -> None:
    """Wait for the server's first answer; raise with its last words if it dies."""
    log = state / "emulator.log"
    trust = ssl.create_default_context(cafile=certificate_file(state))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        code = process.poll()
        if code is not None:
            raise CommandError(
                f"the emulator ended at start with exit code {code}:\n{tail(log)}"
            )
        if is_healthy(port, trust):
            return
        time.sleep(0.05)
    raise CommandError(
        f"the emulator gave no answer within {START_SECONDS:.0f} s:\n{tail(log)}"
    )


def is_healthy(port: int, trust: ssl.SSLContext) -> bool:
    """Tell whether the server answers."""
    connection = http.client.HTTPSConnection(HOST, port, timeout=2, context=trust)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def name_of(python: Path) -> str:
    """Give the emulator's name and version, as installed beside *python*."""
    packages = [str(path) for path in python.parent.parent.glob("lib/*/site-packages")]
    found = distributions(name="ministack", path=packages)
    return next((f"ministack {package.version}" for package in found), "ministack")
