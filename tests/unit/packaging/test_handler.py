"""Lambda will find the handler; that is known without running it."""

from __future__ import annotations

import sys

import pytest

from lambda_constructs._packaging.plan import Inputs
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import (
    ARM_3_14,
    HERE,
    MakeFolder,
    Packaging,
    Wheelhouse,
)

MISSING_IMPORT = "lambda-constructs:package-missing-import"


@pytest.mark.parametrize(
    "text",
    [
        "def handler(event, context): ...",
        "def handler(event, context, *, more=1): ...",
        "def handler(*arguments): ...",
        "def handler(event, context=None, more=None): ...",
        "handler = lambda event, context: 1",
        "from app import handler",
        "import app as handler",
        "from app import *",
        "try:\n    from app import handler\nexcept ImportError:\n    handler = None",
        "if True:\n    def handler(event, context): ...",
        "def __getattr__(name): ...",
        "@tracer\ndef handler(event): ...",
        "class handler: ...",
        "app, handler = 1, 2",
    ],
)
def test_a_handler_may_be_defined_in_many_ways(
    text: str, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    As long as the module has the name when it is loaded.
    """
    files = {"index.py": text, "app.py": "def handler(event, context): ..."}

    assert package(make_folder(files), bytecode=False).versions == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def handle(event, context): ...",
            "thumbnailer/index.py must define the handler 'handler', got handle; "
            "did you mean handle?",
        ),
        ("", "thumbnailer/index.py must define the handler 'handler', got nothing"),
        (
            "async def handler(event, context): ...",
            "thumbnailer/index.py: 'handler' must be a plain function, got async def, "
            "whose result Lambda cannot send; call asyncio.run in it",
        ),
        (
            "def handler(event): ...",
            "thumbnailer/index.py: 'handler' must take an event and a context, "
            "got handler(event)",
        ),
        (
            "def handler(a, b, c): ...",
            "thumbnailer/index.py: 'handler' must take an event and a context, "
            "got handler(a, b, c)",
        ),
        (
            "def handler(event, context)\n    pass",
            "thumbnailer/index.py must be valid Python, got expected ':' in line 1; "
            "correct it",
        ),
    ],
)
@pytest.mark.parametrize("bytecode", [True, False])
def test_fails_if_lambda_could_not_call_it(
    text: str,
    message: str,
    bytecode: bool,
    make_folder: MakeFolder,
    package: Packaging,
) -> None:
    """
    With or without the runtime's Python at hand.
    """
    folder = make_folder({"index.py": text})

    with pytest.raises(ConfigurationError) as caught:
        package(folder, bytecode=bytecode)

    assert message == str(caught.value)


def test_fails_if_there_is_no_such_file(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    It says what there is.
    """
    with pytest.raises(ConfigurationError) as caught:
        package(make_folder({"util.py": ""}), handler="idnex.handler")

    assert str(caught.value) == (
        "handler 'idnex.handler' must be in thumbnailer/idnex.py, got index, util; "
        "did you mean index?"
    )


def test_fails_if_an_enclosing_folder_is_passed(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    It says which folder was meant.
    """
    folder = make_folder({".env": "A=1"}).parent

    with pytest.raises(ConfigurationError) as caught:
        package(folder)

    assert str(caught.value) == (
        "handler 'index.handler' must be in index.py at the top of lambda_src, got "
        "thumbnailer/index.py; pass the folder itself, e.g. "
        "from_folder('lambda_src/thumbnailer')"
    )


@pytest.mark.parametrize("handler", ["index", "index.", ".handler", "index.a-b"])
def test_fails_if_it_names_no_function(
    handler: str, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    A handler is a module and a function in it.
    """
    with pytest.raises(ConfigurationError, match="the name of a file and a function"):
        package(make_folder(), handler=handler)


@pytest.mark.parametrize("handler", ["app.main.handler", "app/main.handler"])
def test_a_handler_may_be_in_a_package(
    handler: str, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Lambda takes dots and slashes.
    """
    files = {"app/main.py": "def handler(event, context): ..."}

    assert package(make_folder(files), handler=handler).warnings == []


def test_a_handler_may_come_with_a_dependency(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Wrappers of observability tools do.
    """
    wheels.add("wrapper", "1.0")
    folder = make_folder({"requirements.txt": "wrapper==1.0"})

    assert package(folder, handler="wrapper.handler").warnings == []
    with pytest.raises(ConfigurationError, match=r"must be in thumbnailer/unknown\.py"):
        package(folder, handler="unknown.handler")


class TestImports:
    """What the handler imports is there when it is loaded."""

    def test_warns_if_nothing_brings_a_module(
        self, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        It would fail at its first cold start, with Runtime.ImportModuleError.
        """
        files = {
            "index.py": "import helper\nfrom numpy import array\n"
            "def handler(event, context): ...",
            "helper.py": "import pandas.core, json, boto3\n",
        }
        made = package(make_folder(files))

        assert [it[0] for it in made.warnings] == [MISSING_IMPORT] * 2
        assert [it[1].split(",")[0] for it in made.warnings] == [
            "thumbnailer/index.py imports numpy",
            "thumbnailer/index.py imports pandas",
        ]

    def test_what_is_there_or_may_be_missing_is_not_warned_of(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Standard library, runtime, dependencies, layers; imports that may fail.
        """
        wheels.add("words", "1.0")
        layer = make_folder({"common.py": ""}, name="layer")
        text = (
            "import os, boto3, words, common, powertools, app.main\n"
            "try:\n    import ujson\nexcept ImportError:\n    ujson = None\n"
            "def handler(event, context):\n    import late\n"
        )
        files = {"index.py": text, "requirements.txt": "words==1.0", "app/main.py": ""}
        made = package(
            make_folder(files),
            layers=(Inputs(layer, "layer"),),
            provided=("powertools",),
        )

        assert made.warnings == []


@pytest.mark.usefixtures("only_this_python")
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="knows the syntax of 3.14")
def test_syntax_newer_than_the_python_here_is_not_refused(
    make_folder: MakeFolder, package: Packaging
) -> None:
    """
    Where only an older parser is at hand, a person is told that it could not say.
    """
    folder = make_folder({"new.py": "x = = 1\n"})
    made = package(folder, ARM_3_14)

    assert made.warnings == [
        [
            "lambda-constructs:package-unchecked",
            "thumbnailer/new.py is no valid Python for the version that runs this "
            "(invalid syntax in line 1) and could not be checked for Python 3.14; "
            "run uv python install 3.14",
        ]
    ]
    with pytest.raises(ConfigurationError, match=r"new\.py must be valid Python"):
        package(folder, HERE)
