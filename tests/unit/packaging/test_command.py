"""`python -m lambda_constructs.package`, which `make package` runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from lambda_constructs import package as command
from lambda_constructs._packaging.plan import Package
from lambda_constructs._packaging.report import Row, changes, table
from tests.unit.packaging.conftest import MakeFolder, Wheelhouse

APP = """
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from lambda_constructs.code import PythonCode
app = App()
stack = Stack(app, "Shop")
runtime = lambda_.Runtime.PYTHON_3_14
for name in ("first", "second"):
    architecture = lambda_.Architecture.ARM_64
    scope = Construct(stack, name.title())
    code = PythonCode.from_folder(f"lambda_src/{name}").for_function(
        scope, runtime=runtime, architecture=architecture, handler="index.handler"
    )
    lambda_.Function(
        scope, "Function", code=code, runtime=runtime, handler="index.handler"
    )
common = PythonCode.from_folder("lambda_src/first")
lambda_.LayerVersion(
    stack,
    "Common",
    code=common.for_layer(stack, runtime=runtime, architecture=architecture),
)
app.synth()
"""


@pytest.fixture
def project(
    tmp_path: Path,
    make_folder: MakeFolder,
    wheels: Wheelhouse,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    wheels.add("words", "1.0")
    wheels.add("words", "2.0")
    make_folder({"requirements.txt": "words==1.0"}, name="first")
    make_folder({"helper.py": ""}, name="second")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    monkeypatch.chdir(tmp_path)
    library = Path(__file__).parents[3] / "constructs"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(library), *sys.path]))
    return tmp_path


@pytest.mark.slow
def test_it_makes_and_lists_all_packages_of_an_app(
    project: Path, make_folder: MakeFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    A table of sizes, dependencies, import times and what has changed since the last;
    the next synthesis finds the packages.
    """
    assert command.main([]) == 0
    first = capfd.readouterr().out.splitlines()
    make_folder({"requirements.txt": "words==2.0"}, name="first")
    make_folder({"helper.py": "x = 1"}, name="second")
    assert command.main(["--no-import-time"]) == 0
    second = capfd.readouterr().out.splitlines()

    assert first[0].split() == [
        "Function", "Target", "Zipped", "Unzipped", "Dependencies", "Bytecode",
        "Import", "Changed",
    ]  # fmt: skip
    assert first[2].startswith(
        "Shop/First   3.14 arm64        0.0 MB    0.0 MB  words 1.0 "
    )
    assert first[2].endswith(" ms  new")
    assert first[4].startswith("Shop         3.14 arm64 layer ")
    assert "words 1.0 to 2.0" in second[2]
    assert second[3].endswith("code")
    assert not (project / "cdk.out").exists()


def test_it_says_which_package_cannot_be_made(
    project: Path, make_folder: MakeFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    """
    The others are made all the same.
    """
    make_folder({"index.py": ""}, name="second")

    assert command.main(["--no-import-time"]) == 1
    said = capfd.readouterr()
    assert "words 1.0" in said.out
    assert "error: Shop/Second: lambda_src/second/index.py must define" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "packages need an app, got neither a cdk.json that names one nor --app"),
        (["--app", "python gone.py"], "the app must run to tell its packages, got"),
    ],
)
def test_fails_if_there_is_no_app(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """
    It says what it looked for.
    """
    monkeypatch.chdir(tmp_path)

    assert command.main(arguments) == 1
    assert message in capfd.readouterr().err


def test_what_has_changed_is_told_in_words() -> None:
    """
    Against the last table, by function.
    """
    zip = Path("a.zip")
    one = Package(zip, "1", 1, 1, "code", {"a": "1", "b": "1"})
    two = Package(zip, "2", 1, 1, "other", {"a": "2", "c": "1"})
    row = Row("Shop/A", "3.14 arm64", two, None)
    before = {"Shop/A": Row("Shop/A", "3.13 arm64", one, None).state}

    assert changes(row, None) == "new"
    assert changes(row, {}) == "new"
    assert changes(row, before) == "target, code, +c 1, -b, a 1 to 2"
    assert changes(row, {"Shop/A": row.state}) == "no"
    assert table([], before).endswith("Shop/A  removed")
