"""What is checked of a package when it is made, and what a person is told of it."""

from __future__ import annotations

import sys
from functools import cache

from lambda_constructs._packaging.bytecode import compile_modules, find_interpreter
from lambda_constructs._packaging.dependencies import Dependencies
from lambda_constructs._packaging.distributions import RUNTIME_MODULES, TOO_NEW
from lambda_constructs._packaging.handler import (
    check_handler,
    check_syntax,
    missing_imports,
    syntax_errors,
)
from lambda_constructs._packaging.plan import Plan, Warnings
from lambda_constructs._packaging.progress import say
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.practices import Practice

UNPINNED = Practice.PACKAGE_UNPINNED.value
YANKED = Practice.PACKAGE_YANKED.value
MISSING_IMPORT = Practice.PACKAGE_MISSING_IMPORT.value
RUNTIME_CLASH = Practice.PACKAGE_RUNTIME_CLASH.value
UNCHECKED = Practice.PACKAGE_UNCHECKED.value


def find_python(plan: Plan) -> str | None:
    """Give the Python to compile with; say so once if it would be worth having."""
    version, wish = plan.wanted.target.python, plan.inputs.bytecode
    python = find_interpreter(plan.wanted.target) if plan.wanted.pythons else None
    if python is not None or wish is False:
        return python
    if wish:
        raise ConfigurationError(
            f"bytecode=True needs a Python {version} to compile with, got none; "
            f"run uv python install {version}"
        )
    _note_no_bytecode(version)
    return None


@cache
def _note_no_bytecode(version: str) -> None:
    """Say it when packages are made, once, and not at every synthesis."""
    say(
        f"note: there is no Python {version} here to compile for python{version}, so "
        f"packages are made without bytecode and start slower; "
        f"uv python install {version}"
    )


def compile_own(plan: Plan, python: str | None) -> tuple[dict[str, bytes], Warnings]:
    """Compile the user's modules, or check their syntax as well as can be."""
    target, name = plan.wanted.target, plan.inputs.name
    if python is not None:
        compiled, errors = compile_modules(python, target, plan.files)
        check_syntax(plan.files, errors, name)
        return compiled, []
    errors = syntax_errors(plan.files, target)
    if target.version <= sys.version_info[:2]:
        check_syntax(plan.files, errors, name)
    return {}, [
        [
            UNCHECKED,
            f"{name}/{path} is no valid Python for the version that runs this "
            f"({what} in line {line}) and could not be checked for Python "
            f"{target.python}; run uv python install {target.python}",
        ]
        for path, (what, line) in errors.items()
    ]


def check_imports(plan: Plan, installed: Dependencies | None) -> Warnings:
    """Check that the handler can be found and what it imports, once all is known."""
    if plan.handler is None:
        return []
    besides = {*RUNTIME_MODULES, *plan.inputs.provided}
    besides |= {module for layer in plan.layers for module in layer.modules}
    if installed is not None:
        besides |= installed.modules
    elif not plan.wanted.requirements.empty:
        besides.add(plan.handler.split(".")[0])  # it may come with a dependency
    name = plan.inputs.name
    path = check_handler(plan.handler, plan.files, besides, name)
    if path is None or installed is None:
        return []
    return [
        [
            MISSING_IMPORT,
            f"{name}/{path} imports {module}, which is neither in the package nor in "
            f"Lambda's runtime; add it to the requirements, or name it in provided= "
            "if a layer brings it",
        ]
        for module in missing_imports(path, plan.files, besides)
    ]


def check_no_overlap(plan: Plan, installed: Dependencies) -> None:
    for path in installed.files:
        if path in plan.files:
            raise ConfigurationError(
                f"{plan.inputs.name}/{path} has the path of a file of a dependency, "
                "which it would replace; rename it"
            )


def warn_of(plan: Plan, installed: Dependencies) -> Warnings:
    requirements = plan.wanted.requirements
    warnings: Warnings = []
    if unpinned := requirements.unpinned:
        warnings.append(
            [
                UNPINNED,
                f"{plan.inputs.name} may get other versions of {', '.join(unpinned)} "
                f"on another machine or day, because {requirements.file.name} does "
                "not pin them; lock it with uv pip compile --generate-hashes",
            ]
        )
    warnings += [
        [
            YANKED,
            f"{plan.inputs.name} depends on a version that its authors have "
            f"withdrawn: {yanked}; choose another",
        ]
        for yanked in installed.yanked
    ]
    if any(b"boto3" in it or b"botocore" in it for it in plan.files.values()):
        warnings += [
            [
                RUNTIME_CLASH,
                f"{plan.inputs.name} brings {name} {installed.versions[name]}, which "
                "the boto3 of Lambda's runtime would load instead of its own and does "
                f"not work with; require {name}<{major}, or bring boto3 with "
                "boto3_for=",
            ]
            for name, major in TOO_NEW.items()
            if int(installed.versions.get(name, "0").split(".")[0]) >= major
            and "boto3" not in installed.versions
        ]
    return warnings
