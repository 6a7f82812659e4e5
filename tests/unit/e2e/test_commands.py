from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tests.e2e import commands
from tests.e2e.identity import Identity


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Run a command with no credentials at hand but those a test gives it."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return lambda *arguments, **options: CliRunner().invoke(
        commands.app, arguments, **options
    )


def test_fails_if_there_is_no_such_stack(invoke):
    """
    A usage error is one line on standard error, and exit code 2.
    """
    result = invoke("local", "SqsWorkr")

    assert result.exit_code == 2
    assert result.stderr == "error: no stack SqsWorkr; did you mean SqsWorker?\n"


def test_fails_if_there_are_no_credentials(invoke):
    """
    The message says what to set, and which command needs none.
    """
    result = invoke("aws")

    assert result.exit_code == 2
    assert "no AWS credentials; set AWS_PROFILE" in result.stderr
    assert "`make deploy-local` needs none" in result.stderr


def test_fails_if_there_is_no_region(invoke, monkeypatch):
    """
    Nothing is deployed to a region that nobody chose.
    """
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    result = invoke("aws")

    assert result.exit_code == 2
    assert "no AWS region; set AWS_REGION" in result.stderr


def test_asks_before_it_deploys_to_a_real_account(invoke, monkeypatch):
    """
    The question names the account, the region and the user; no is no.
    """
    arn = "arn:aws:iam::111122223333:user/me"
    identity = Identity("111122223333", "eu-west-1", arn)
    monkeypatch.setattr(commands, "who_am_i", lambda: identity)
    monkeypatch.setattr(commands, "run", lambda *_: pytest.fail("deployed"))

    result = invoke("aws", input="n\n")

    assert result.exit_code == 1
    for word in ("all reference stacks", "111122223333", "eu-west-1", "user/me"):
        assert word in result.output


def test_stop_says_if_nothing_is_up(invoke):
    """
    Stopping twice is not an error.
    """
    result = invoke("stop")

    assert (result.exit_code, result.stdout) == (0, "no account is up\n")


@pytest.mark.parametrize("command", ["local", "aws", "stop"])
def test_explains_itself(invoke, command):
    """
    Each command has a help page.
    """
    assert "Usage" in invoke(command, "--help").output
