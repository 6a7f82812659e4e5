"""`PythonCode` as CDK sees it."""

from __future__ import annotations

import json
import platform
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import code as code_module
from lambda_constructs.code import PythonCode
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import MakeFolder, Wheelhouse

ARM = lambda_.Architecture.ARM_64


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path / "cdk.out"))


def _function(
    stack: Stack, code: PythonCode, runtime: lambda_.Runtime, id: str = "Function"
) -> lambda_.Function:
    made = code.for_function(
        stack, runtime=runtime, architecture=ARM, handler="index.handler"
    )
    return lambda_.Function(
        stack,
        id,
        code=made,
        runtime=runtime,
        architecture=ARM,
        handler="index.handler",
    )


def test_the_package_is_the_function_s_asset(
    app: App, make_folder: MakeFolder, tmp_path: Path
) -> None:
    """
    A zip, byte for byte, whose name has the hash; two functions of one folder share it.
    """
    stack = Stack(app, "Shop")
    code = PythonCode.from_folder(make_folder())
    _function(stack, code, lambda_.Runtime.PYTHON_3_14)
    _function(stack, code, lambda_.Runtime.PYTHON_3_14, "Another")
    app.synth()
    (asset,) = (tmp_path / "cdk.out").glob("asset.*")

    assert asset.suffix == ".zip"
    with zipfile.ZipFile(asset) as archive:
        assert "index.py" in archive.namelist()
    template = (tmp_path / "cdk.out" / "Shop.template.json").read_text()
    functions = [
        it["Properties"]
        for it in json.loads(template)["Resources"].values()
        if it["Type"] == "AWS::Lambda::Function"
    ]
    assert {it["Code"]["S3Key"] for it in functions} == {
        f"{asset.stem.removeprefix('asset.')}.zip"
    }
    assert str(tmp_path) not in template


def test_a_layer_is_made_of_the_same_folder(
    app: App, make_folder: MakeFolder, wheels: Wheelhouse, tmp_path: Path
) -> None:
    """
    And a function that has it leaves out what it brings.
    """
    wheels.add("words", "1.0")
    stack = Stack(app, "Shop")
    files = {"requirements.txt": "words==1.0"}
    common = PythonCode.from_folder(make_folder({**files, "common.py": ""}, name="c"))
    runtime = lambda_.Runtime.PYTHON_3_14
    layer = lambda_.LayerVersion(
        stack,
        "Common",
        code=common.for_layer(stack, runtime=runtime, architecture=ARM),
        compatible_runtimes=[runtime],
        compatible_architectures=[ARM],
    )
    text = "import words, common\ndef handler(event, context): ...\n"
    folder = make_folder({**files, "index.py": text})
    code = PythonCode.from_folder(folder, layers=[common])
    _function(stack, code, runtime).add_layers(layer)
    app.synth()
    contents = []
    for asset in (tmp_path / "cdk.out").glob("asset.*.zip"):
        with zipfile.ZipFile(asset) as archive:
            contents.append({it for it in archive.namelist() if ".dist-" not in it})

    assert {"index.py"} in contents
    assert {
        "python/common.py",
        "python/index.py",
        "python/words/__init__.py",
    } in contents
    assertions.Annotations.from_stack(stack).has_no_warning(
        "*", assertions.Match.any_value()
    )


def test_warnings_have_an_id_and_can_be_acknowledged(
    app: App, make_folder: MakeFolder
) -> None:
    """
    They come again at each synthesis, also of an unchanged function.
    """
    folder = make_folder(
        {"index.py": "import pandas\ndef handler(event, context): ..."}
    )
    for name in ("First", "Second"):
        stack = Stack(app, name)
        code = PythonCode.from_folder(folder)
        _function(stack, code, lambda_.Runtime.PYTHON_3_14)

        assertions.Annotations.from_stack(stack).has_warning(
            "*",
            assertions.Match.string_like_regexp(
                ".*imports pandas, which .*lambda-constructs:package-missing-import.*"
            ),
        )


@pytest.mark.parametrize("value", [True, "true"])
def test_for_local_emulation_packages_are_made_for_this_machine(
    value: bool | str, make_folder: MakeFolder, wheels: Wheelhouse, tmp_path: Path
) -> None:
    """
    The emulator runs handlers with this Python, whatever the function's runtime is.
    """
    tag = f"cp3{sys.version_info.minor}"
    system = f"manylinux_2_17_{platform.machine()}"
    wheels.add("words", "1.0", {"words/here.py": b""}, tag=f"{tag}-{tag}-{system}")
    wheels.add("words", "1.0", tag="cp314-cp314-manylinux_2_28_aarch64")
    context = {"lambda-constructs:package-for-host": value}
    app = App(outdir=str(tmp_path / "cdk.out"), context=context)
    code = PythonCode.from_folder(make_folder({"requirements.txt": "words==1.0"}))
    _function(Stack(app, "Shop"), code, lambda_.Runtime.PYTHON_3_14)
    app.synth()
    (asset,) = (tmp_path / "cdk.out").glob("asset.*.zip")

    with zipfile.ZipFile(asset) as archive:
        assert "words/here.py" in archive.namelist()


def test_a_package_for_the_edge_is_for_x86(
    app: App, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Lambda@Edge has no other architecture, and smaller limits.
    """
    stack = Stack(app, "Shop")
    code = PythonCode.from_folder(make_folder({"data.bin": bytes(range(256)) * 9}))
    runtime = lambda_.Runtime.PYTHON_3_14
    code.for_edge_function(stack, runtime=runtime, handler="index.handler")
    monkeypatch.setattr("lambda_constructs._packaging.sizes.EDGE_ZIPPED_BYTES", 100)
    code = PythonCode.from_folder(make_folder({"more.py": ""}))

    with pytest.raises(ConfigurationError, match=r"Shop: .* zipped for Lambda@Edge"):
        code.for_edge_function(stack, runtime=runtime, handler="index.handler")


def test_fails_if_something_is_wrong_and_says_where(
    app: App, make_folder: MakeFolder
) -> None:
    """
    The construct's path comes first, as in all errors of this library.
    """
    stack = Stack(app, "Shop")
    code = PythonCode.from_folder(make_folder({"index.py": ""}))

    with pytest.raises(ConfigurationError, match=r"^Shop: thumbnailer/index\.py must"):
        _function(stack, code, lambda_.Runtime.PYTHON_3_14)
    with pytest.raises(ConfigurationError, match=r"^Shop: Lambda has not supported"):
        _function(stack, code, lambda_.Runtime.PYTHON_3_9)
    with pytest.raises(ConfigurationError, match=r"^Shop: PythonCode makes packages"):
        _function(stack, code, lambda_.Runtime.NODEJS_24_X)


class TestFromFolder:
    """What is wrong with the arguments is said where they are passed."""

    def test_fails_if_there_is_no_folder(self, make_folder: MakeFolder) -> None:
        """
        A file is none either.
        """
        with pytest.raises(ConfigurationError) as caught:
            PythonCode.from_folder("lambda_src/no_such")

        assert str(caught.value) == (
            "PythonCode needs a folder, got lambda_src/no_such, nothing there; pass a "
            "path from where the app is run, e.g. 'lambda_src/thumbnailer'"
        )
        with pytest.raises(ConfigurationError, match=r"index\.py, a file; pass a path"):
            PythonCode.from_folder(make_folder() / "index.py")

    def test_fails_if_one_glob_is_passed_for_several(
        self, make_folder: MakeFolder
    ) -> None:
        """
        Its letters would be taken for globs.
        """
        with pytest.raises(ConfigurationError) as caught:
            PythonCode.from_folder(make_folder(), exclude="*.md")

        assert str(caught.value) == (
            "exclude= must be several, got '*.md'; pass exclude=('*.md',)"
        )

    def test_fails_if_shared_code_is_not_there(self, make_folder: MakeFolder) -> None:
        """
        The folder may be right and this may be the slip.
        """
        with pytest.raises(ConfigurationError, match="shared= must name files or"):
            PythonCode.from_folder(make_folder(), shared=["no/such"])

    def test_fails_if_the_requirements_are_not_there(
        self, app: App, make_folder: MakeFolder
    ) -> None:
        """
        A package without them would fail when it runs.
        """
        code = PythonCode.from_folder(make_folder(), requirements="no/such.txt")

        with pytest.raises(ConfigurationError, match="requirements= must be a file"):
            _function(Stack(app, "Shop"), code, lambda_.Runtime.PYTHON_3_14)

    def test_equal_code_is_equal(self, make_folder: MakeFolder) -> None:
        """
        It is a value: it can be compared, and shared by functions.
        """
        folder = make_folder()
        first = PythonCode.from_folder(folder, exclude=["a"])

        assert first == PythonCode.from_folder(str(folder), exclude=("a",))


def test_warns_if_the_runtime_ends_soon(
    app: App, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With the day, under the practice's id.
    """
    monkeypatch.setattr(code_module, "ends_soon", lambda *_: date(2029, 10, 31))
    stack = Stack(app, "Shop")

    _function(stack, PythonCode.from_folder(make_folder()), lambda_.Runtime.PYTHON_3_14)

    assertions.Annotations.from_stack(stack).has_warning(
        "/Shop",
        assertions.Match.string_like_regexp(
            "supports python3.14 until 2029-10-31.*runtime-ends-soon"
        ),
    )
