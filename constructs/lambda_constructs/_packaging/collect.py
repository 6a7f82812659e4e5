"""Write down which packages an app needs, so that they can be made side by side."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.target import Target

COLLECT_VARIABLE = "LAMBDA_CONSTRUCTS_COLLECT"
"""Names the file to write to; while it is set, no package is made."""


@dataclass(frozen=True)
class Collected:
    """One package that the app has asked for.

    Attributes:
        path: The construct that needs it.
        inputs: What it is made from.
        target: What it is made for.
        handler: The handler; None for a layer.
        limits: What the place of deployment allows.
    """

    path: str
    inputs: Inputs
    target: Target
    handler: str | None
    limits: Limits


def collect(wanted: Collected, to: Path) -> Path:
    """Add a package to the list in the file *to*, and give a folder to put for it."""
    with to.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(wanted), default=str) + "\n")
    placeholder = to.with_name("placeholder")
    placeholder.mkdir(exist_ok=True)
    (placeholder / "index.py").touch()
    return placeholder


def read_collected(file: Path) -> list[Collected]:
    """Read the list back."""
    entries = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        Collected(
            it["path"],
            _inputs(it["inputs"]),
            Target(**it["target"]),
            it["handler"],
            Limits(**it["limits"]),
        )
        for it in entries
    ]


def _inputs(it: dict[str, Any]) -> Inputs:
    return Inputs(
        folder=Path(it["folder"]),
        name=it["name"],
        requirements=it["requirements"] and Path(it["requirements"]),
        shared=tuple(map(Path, it["shared"])),
        layers=tuple(map(_inputs, it["layers"])),
        exclude=tuple(it["exclude"]),
        include=tuple(it["include"]),
        boto3_for=tuple(it["boto3_for"]),
        provided=tuple(it["provided"]),
        bytecode=it["bytecode"],
        written=tuple((name, text) for name, text in it["written"]),
    )
