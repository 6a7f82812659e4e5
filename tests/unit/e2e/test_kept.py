from __future__ import annotations

import subprocess
import sys

import pytest

from tests.e2e import kept, processes
from tests.e2e.workspace import PREFIX

HOLDS_THE_LOCK = """
import fcntl, sys
alive = open(sys.argv[1] + "/alive", "w")
fcntl.flock(alive, fcntl.LOCK_EX)
print("up", flush=True)
assert sys.stdin.readline() == "keep\\n"
print("kept", flush=True)
import time
time.sleep(60)
"""


@pytest.fixture
def folder(state):
    folder = state / f"{PREFIX}test"
    folder.mkdir()
    return folder


@pytest.fixture
def server(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_LOCK, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_finds_and_stops_an_account_that_was_left_up(folder, server, monkeypatch):
    """
    A later command ends the server and removes all that it wrote.
    """
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.1)
    kept.leave(folder, server, 4567)
    assert server.stdout.readline() == "kept\n"
    [account] = kept.find()
    assert account.port == 4567
    assert account.is_up()

    account.stop()

    assert server.wait() != 0
    assert not folder.exists()
    assert list(kept.find()) == []


def test_spares_a_process_that_took_over_the_number(folder, server):
    """
    After a restart of the machine the number may be another process's.
    """
    (folder / kept.RECORD).write_text('{"pid": 1, "port": 4567}')
    server.kill()
    server.wait()
    [account] = kept.find()

    assert not account.is_up()
    account.stop()

    assert not folder.exists()
