"""What synthesis asks of JavaScript, and what it deploys: numbers that never vary.

`python -m benchmarks.counts` prints them beside CDK's own constructs and other peers,
and writes `build/bench/counts.json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsii._kernel as kernel
from jsii._kernel.providers.process import _NodeProcess
from rich.console import Console
from rich.table import Table

from benchmarks import peers
from benchmarks.workers import synthesize

OUT = Path(__file__).resolve().parents[1] / "build" / "bench"
FEW, MANY = 2, 12


@dataclass
class Calls:
    """How often Python and JavaScript have called each other.

    Attributes:
        requests: Of JavaScript, by Python.
        callbacks: Of Python, by JavaScript.
    """

    requests: int = 0
    callbacks: int = 0


@contextmanager
def counted() -> Iterator[Calls]:
    """Count the calls that are made meanwhile."""
    calls = Calls()
    send, call_back = _NodeProcess.send, kernel._handle_callback

    def counting_send(process: _NodeProcess, *arguments: object) -> object:
        calls.requests += 1
        return send(process, *arguments)  # type: ignore[arg-type]

    def counting_callback(*arguments: object) -> object:
        calls.callbacks += 1
        return call_back(*arguments)  # type: ignore[arg-type]

    with (
        patch.object(_NodeProcess, "send", counting_send),
        patch.object(kernel, "_handle_callback", counting_callback),
    ):
        yield calls


@dataclass(frozen=True)
class PerWorker:
    """What one more worker adds.

    Attributes:
        requests: Calls of JavaScript.
        callbacks: Calls of Python.
        resources: In the template.
        template_bytes: Of JSON without white space.
    """

    requests: float
    callbacks: float
    resources: float
    template_bytes: float


def per_worker(variant: str) -> PerWorker:
    """Count what one more worker adds, where there are some already."""
    found = []
    for count in (FEW, MANY):
        with counted() as calls:
            template = synthesize(variant, count)
        text = json.dumps(template, separators=(",", ":"))
        resources = len(template["Resources"])
        found.append((calls.requests, calls.callbacks, resources, len(text)))
    few, many = found
    added = [(b - a) / (MANY - FEW) for a, b in zip(few, many, strict=True)]
    return PerWorker(*added)


def depth(template: Mapping[str, Any]) -> int:
    """Give how many resources wait for one another at most, the first not counted."""
    resources = template["Resources"]
    known: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in known:
            waits = [
                of(each) for each in _waits_for(resources[name]) & resources.keys()
            ]
            known[name] = max((each + 1 for each in waits), default=0)
        return known[name]

    return max(map(of, resources))


def _waits_for(resource: Mapping[str, Any]) -> set[str]:
    named = resource.get("DependsOn", [])
    found = {named} if isinstance(named, str) else set(named)
    for value in _values(resource.get("Properties", {})):
        if "Ref" in value:
            found.add(value["Ref"])
        if "Fn::GetAtt" in value:
            found.add(value["Fn::GetAtt"][0])
        if "Fn::Sub" in value:
            text = value["Fn::Sub"]
            text = text if isinstance(text, str) else text[0]
            found |= {each.split(".")[0] for each in re.findall(r"\$\{([\w.]+)", text)}
    return found


def _values(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)


def helpers(template: Mapping[str, Any]) -> int:
    """Count custom resources, and functions that are not the worker itself."""
    types = [each["Type"] for each in template["Resources"].values()]
    custom = sum(
        each.startswith("Custom::") or each == "AWS::CloudFormation::CustomResource"
        for each in types
    )
    return int(custom) + types.count("AWS::Lambda::Function") - 1


def of_peer(command: Sequence[str]) -> dict[str, float]:
    """Count what one more worker adds to the template that a peer prints."""
    # The template is in the last line: Solutions Constructs has words before it.
    one, few, many = (
        json.loads(peers.output_of([*command, str(count)]).splitlines()[-1])
        for count in (1, FEW, MANY)
    )
    texts = [json.dumps(each, separators=(",", ":")) for each in (few, many)]
    resources = len(many["Resources"]) - len(few["Resources"])
    return {
        "resources": resources / (MANY - FEW),
        "template_bytes": (len(texts[1]) - len(texts[0])) / (MANY - FEW),
        "depth": depth(one),
        "helpers": helpers(one),
    }


def measure() -> dict[str, dict[str, float]]:
    """Count for each variant what one more worker adds."""
    found: dict[str, dict[str, float]] = {}
    for variant in ("ours", "monitored", "same", "plain"):
        one = synthesize(variant, 1)  # what is loaded once is not of a worker
        added = asdict(per_worker(variant))
        found[variant] = {**added, "depth": depth(one), "helpers": helpers(one)}
    for name, peer in (
        ("Solutions Constructs", peers.solutions()),
        ("JavaScript L2, the same resources", peers.javascript("same")),
        ("SAM, its defaults", peers.sam()),
    ):
        if peer is None:
            sys.stderr.write(f"{name} could not be installed, and is left out\n")
        else:
            found[name] = of_peer(peer)
    return found


COLUMNS = ("requests", "callbacks", "resources", "template_bytes", "depth", "helpers")


def main() -> None:
    """Print a row for each variant."""
    found = measure()
    table = Table(title="What one more worker adds")
    table.add_column("variant")
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), justify="right")
    for name, added in found.items():
        cells = (added.get(column) for column in COLUMNS)
        table.add_row(name, *("" if each is None else f"{each:,.0f}" for each in cells))
    Console().print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    written = {"topic": "counts", "from": FEW, "to": MANY, "variants": found}
    (OUT / "counts.json").write_text(json.dumps(written, indent=2) + "\n")


if __name__ == "__main__":
    main()
