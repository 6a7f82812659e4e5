from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.e2e import processes
from tests.e2e.processes import end_group, handle_interrupts, uninterrupted

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("up", flush=True)
time.sleep(60)
"""


def test_ends_a_process_that_ignores_sigterm_and_its_children(monkeypatch):
    """
    The output closes only when the last process that holds it has ended.
    """
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.1)
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN],
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    output = os.dup(process.stdout.fileno())
    assert process.stdout.readline() == "up\n"

    end_group(process)

    assert process.returncode == -signal.SIGKILL
    assert os.read(output, 1) == b""
    os.close(output)


def test_nothing_interrupts_the_tidying_up():
    """
    A second Ctrl-C does not leave things behind; handlers are restored after it.
    """
    before = signal.getsignal(signal.SIGINT)

    with uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)

    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", processes.INTERRUPTS)
def test_every_way_to_end_the_command_tidies_up(number):
    """
    SIGTERM and a closed terminal raise what Ctrl-C raises.
    """
    before = {each: signal.getsignal(each) for each in processes.INTERRUPTS}
    try:
        handle_interrupts()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
