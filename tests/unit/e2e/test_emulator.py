from __future__ import annotations

import os
import socket
import ssl
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.e2e import emulator as subject
from tests.e2e.certificate import make_certificate
from tests.e2e.emulator import emulated_account, free_port
from tests.e2e.environment import credentials
from tests.e2e.errors import CommandError, UsageError
from tests.e2e.expect import wait_until
from tests.e2e.workspace import workspace

EMULATOR = Path(sys.prefix) / "emulator" / "bin" / "python"


def leftovers(state: Path) -> list[str]:
    return [path.name for path in state.iterdir()]


def test_fails_if_the_port_is_taken(state, script):
    """
    A port that something listens on is named before anything is started.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"cannot listen on port {port} of 127"),
            workspace() as work,
            emulated_account(work, script("python", "exit 1"), port),
        ):
            pass

    assert leftovers(state) == []


def test_takes_any_free_port():
    """
    Without --port two accounts can be up at a time.
    """
    assert free_port(None) > 0


def test_fails_if_there_is_no_emulator(state, tmp_path):
    """
    A missing environment is named with the command that makes it.
    """
    with (
        pytest.raises(UsageError, match=r"no emulator at .*; `make deploy-local`"),
        workspace() as work,
        emulated_account(work, tmp_path / "python"),
    ):
        pass

    assert leftovers(state) == []


def test_fails_if_the_server_dies(state, script, tmp_path):
    """
    The error has its last words, its log is saved, and nothing else is left.
    """
    python = script("python", "echo out of order\nexit 3")

    with (
        pytest.raises(CommandError, match=r"(?s)exit code 3:\n  out of order.*logs"),
        workspace() as work,
        emulated_account(work, python),
    ):
        pass

    assert leftovers(state) == []
    assert (tmp_path / "logs" / "emulator.log").read_text() == "out of order\n"


def test_fails_if_the_server_does_not_answer(state, script, monkeypatch):
    """
    A server that hangs is ended, and so is what it started.
    """
    monkeypatch.setattr(subject, "START_SECONDS", 0.3)
    python = script("python", f"sleep 60 & echo $! > {state}/child; wait")

    with (
        pytest.raises(CommandError, match="gave no answer"),
        workspace() as work,
        emulated_account(work, python),
    ):
        pass

    child = int((state / "child").read_text())
    # A signal has been sent, and the system may take a moment to heed it.
    assert not wait_until(lambda: is_running(child), lambda it: not it, timeout=10)
    assert leftovers(state) == ["child"]


def is_running(process: int) -> bool:
    """A zombie that nobody reaped, as in a container without init, is not running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and ") Z " in status.read_text())


def test_the_certificate_names_loopback_and_is_the_only_one_trusted(tmp_path):
    """
    Clients accept the account's certificate by the strictest rules of OpenSSL.
    """
    make_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    client = ssl.create_default_context(cafile=tmp_path / "certificate.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)

    for side in (ours, theirs, ours, theirs):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue

    assert ours.version() == "TLSv1.3"
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.slow
@pytest.mark.skipif(not EMULATOR.exists(), reason="the emulator is not installed")
def test_the_account_knows_its_root_and_nobody_else(state):
    """
    It is up, enforces permissions, and is gone afterwards.
    """
    with workspace() as work, emulated_account(work, EMULATOR) as account:
        root = credentials(account.state, account.endpoint)
        nobody = {**root, "AWS_ACCESS_KEY_ID": "AKIANOBODY000000"}
        assert sts(root).get_caller_identity()["Account"] == "000000000000"
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            sts(nobody).get_caller_identity()

    assert leftovers(state) == []


def sts(environment):
    return boto3.client(
        "sts",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
        verify=environment["AWS_CA_BUNDLE"],
    )
