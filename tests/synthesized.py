"""The reference stacks as `cdk synth` renders them."""

from __future__ import annotations

import importlib
import inspect
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

ROOT = Path(__file__).resolve().parents[1]

Resource = dict[str, Any]

STEMS = sorted(
    path.stem for path in (ROOT / "stacks").glob("*.py") if path.stem[0] != "_"
)


def stack_class(stem: str) -> type[Stack]:
    """The one stack of a module."""
    module = importlib.import_module(f"stacks.{stem}")
    (found,) = [
        value
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, Stack) and value.__module__ == module.__name__
    ]
    return found


@dataclass(frozen=True)
class Synthesized:
    """A stack's template, and the assets beside it."""

    stem: str
    template: dict[str, Any]
    folder: Path

    @cached_property
    def resources(self) -> dict[str, Resource]:
        return dict(self.template["Resources"])

    def of_type(self, *types: str) -> dict[str, Resource]:
        return {
            logical_id: resource
            for logical_id, resource in self.resources.items()
            if resource["Type"] in types
        }

    def asset(self, function: Resource) -> dict[str, bytes]:
        """The files of a function's deployment package, by name."""
        path = self.folder / function["Metadata"]["aws:asset:path"]
        if path.is_dir():
            return {
                str(each.relative_to(path)): each.read_bytes()
                for each in path.rglob("*")
                if each.is_file()
            }
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def named(self, type: str, name: str) -> Resource:
        """The properties of the one resource of a type whose id begins so."""
        (found,) = [
            resource["Properties"]
            for logical_id, resource in self.of_type(type).items()
            if logical_id[:-8] == name
        ]
        return dict(found)

    def properties(self, type: str) -> Iterator[Resource]:
        for resource in self.of_type(type).values():
            yield resource["Properties"]


def class_id(stem: str) -> str:
    """The stack's id in app.py: its class's name without `Stack`."""
    return stack_class(stem).__name__.removesuffix("Stack")


def synthesize(outdir: Path) -> dict[str, Synthesized]:
    """Synthesize every reference stack; give each by its stem."""
    context = {
        **json.loads((ROOT / "cdk.json").read_text())["context"],
        "aws:cdk:enable-asset-metadata": True,
        "aws:cdk:enable-path-metadata": True,
    }
    app = App(outdir=str(outdir), context=context)
    ids = {stem: stack_class(stem)(app, class_id(stem)).artifact_id for stem in STEMS}
    folder = Path(app.synth().directory)
    return {
        stem: Synthesized(
            stem, json.loads((folder / f"{id}.template.json").read_text()), folder
        )
        for stem, id in ids.items()
    }
