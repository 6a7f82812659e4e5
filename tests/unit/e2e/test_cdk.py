from __future__ import annotations

import json

import pytest

from tests.e2e.cdk import Cdk, Stack, relevant
from tests.e2e.errors import CommandError, UsageError

MANIFEST = {
    "artifacts": {
        "Shop": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": "Shop.template.json"},
            "displayName": "Shop",
        },
        "Shop.assets": {"type": "cdk:asset-manifest", "properties": {}},
        "assembly-Beta": {
            "type": "cdk:cloud-assembly",
            "properties": {"directoryName": "assembly-Beta"},
        },
    }
}
STAGE = {
    "artifacts": {
        "BetaShop": {
            "type": "aws:cloudformation:stack",
            "properties": {"stackName": "Beta-Shop"},
            "displayName": "Beta/Shop (Beta-Shop)",
        }
    }
}
OUTPUT = """
Shop | 1/2 | 4:07:54 AM | CREATE_COMPLETE | AWS::SQS::Queue | Orders (Orders9B42)
✅  Shop
✨  Deployment time: 0.08s
✅  Beta/Shop (Beta-Shop)
"""


@pytest.fixture
def cdk(tmp_path, script):
    script("node", "")
    script("cdk", f'echo "$@" >> {tmp_path}/arguments; cat {tmp_path}/output')
    (tmp_path / "output").write_text(OUTPUT)
    state = tmp_path / "state"
    (state / "cdk.out" / "assembly-Beta").mkdir(parents=True)
    (state / "cdk.out" / "manifest.json").write_text(json.dumps(MANIFEST))
    stage = state / "cdk.out" / "assembly-Beta" / "manifest.json"
    stage.write_text(json.dumps(STAGE))
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return Cdk({"PATH": path}, state, {"lambda-constructs:package-for-host": "true"})


def ignore(_line: str) -> None:
    """Take no note of progress."""


def arguments(tmp_path):
    return (tmp_path / "arguments").read_text().split()


def test_lists_the_stacks_of_the_app_and_its_stages(cdk):
    """
    A stack is selected by its construct path and known to AWS by its name.
    """
    stacks = cdk.synth(ignore)

    assert stacks == [Stack("Shop", "Shop"), Stack("Beta/Shop", "Beta-Shop")]


def test_passes_the_context_to_the_app(cdk, tmp_path):
    """
    The app packages for this host where it is told so, by context alone.
    """
    cdk.synth(ignore)

    assert "--context=lambda-constructs:package-for-host=true" in arguments(tmp_path)


def test_deploys_the_assembly_that_was_synthesized(cdk, tmp_path):
    """
    The app runs once; no question is asked, and no news are fetched.
    """
    cdk.deploy([Stack("Shop", "Shop")], ignore)

    given = arguments(tmp_path)
    assert given[:3] == ["deploy", "--app", str(tmp_path / "state" / "cdk.out")]
    assert {"--require-approval=never", "--no-notices", "Shop"} <= set(given)
    assert not any(argument.startswith("--context") for argument in given)


def test_times_each_stack_and_says_what_it_is_at(cdk):
    """
    Progress names the stack, how far it is, and the construct.
    """
    seen = []

    seconds = cdk.deploy([Stack("Shop", "Shop")], seen.append)

    assert list(seconds) == ["Shop", "Beta/Shop"]
    assert seen == ["Shop 1/2 Orders"]


def test_fails_with_what_the_cli_said(cdk, tmp_path, script):
    """
    The error has the CLI's words; the log has all of them.
    """
    script("cdk", "echo Shop failed: no such type >&2; exit 1")

    with pytest.raises(CommandError, match="cdk deploy failed:\n  Shop failed: no"):
        cdk.deploy([], ignore)

    assert "Shop failed" in (tmp_path / "state" / "cdk.log").read_text()


@pytest.mark.parametrize("tool", ["node", "cdk"])
def test_fails_if_a_tool_is_missing(cdk, tmp_path, tool):
    """
    The missing tool is named with the command that installs it.
    """
    (tmp_path / "bin" / tool).unlink()
    alone = Cdk({"PATH": str(tmp_path / "bin")}, cdk.state)

    with pytest.raises(UsageError, match=f"no `{tool}` .*; `make deploy-local`"):
        alone.bootstrap()


def test_shows_of_a_traceback_the_last_words():
    """
    Where the app fails, the user reads its error, not how it got there.
    """
    output = (
        "packaging ...\nTraceback (most recent call last):\n"
        '  File "app.py", line 11, in <module>\n    Shop(app)\n'
        "ConfigurationError: Shop/Worker: timeout must be ...\n\n"
        "python app.py: Subprocess exited with error 1\n"
    )

    assert relevant(output) == "  ConfigurationError: Shop/Worker: timeout must be ..."
