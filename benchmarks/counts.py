"""What synthesis asks of JavaScript, and what it deploys: numbers that never vary.

`python -m benchmarks.counts [--quick]` prints them beside CDK's own constructs and
other peers, and writes `build/bench/counts.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import mix, patterns, peers, workers
from benchmarks.calls import FEW, MANY, added, per_worker
from benchmarks.out import write
from benchmarks.templates import depth, helpers, size

Figures = dict[str, float]
Templates = dict[str, dict[str, Any]]
FEW_MIXES, MANY_MIXES = 1, 3
COLUMNS = ("requests", "callbacks", "resources", "template_bytes", "depth", "helpers")
SOLUTIONS, SAM = "Solutions Constructs", "SAM, its defaults"


def of_workers() -> dict[str, Figures]:
    """Count for each variant what one more worker adds."""
    found = {}
    for variant in ("ours", "monitored", "same", "bags", "plain"):
        of = deployed(workers.synthesize(variant, 1))
        found[variant] = {**of, **asdict(per_worker(variant))}
    return found


def of_mixes() -> dict[str, Figures]:
    """Count for each variant what one more mix of all sources adds, a stack."""
    found = {}
    for variant, name in mix.VARIANTS.items():
        one = mix.synthesize(variant, 1)
        more = added(partial(mix.synthesize, variant), FEW_MIXES, MANY_MIXES)
        calls = {"requests": more.requests, "callbacks": more.callbacks}
        found[name] = {**calls, **deployed(one, len(patterns.of(variant)))}
    return found


def of_patterns() -> Templates:
    """Give the template of each pattern, by variant."""
    return {
        name: patterns.synthesize(variant) for variant, name in mix.VARIANTS.items()
    }


def of_peers() -> tuple[dict[str, Figures], Templates]:
    """Give of each peer what one more worker adds, and its patterns."""
    found: dict[str, Figures] = {}
    made: Templates = {}
    javascript = "JavaScript L2, the same resources"
    if command := there(SOLUTIONS, peers.solutions("benchmarks.calls", "solutions")):
        of = _printed(command)
        found[SOLUTIONS] = {**deployed(of["one"]), **of["added"]}
    if command := there(javascript, peers.javascript("same")):
        found[javascript] = of_peer(command)
    if command := there(SAM, peers.sam("benchmarks.workers_sam")):
        found[SAM] = of_peer(command)
    if command := peers.solutions("benchmarks.patterns", "solutions"):
        made[SOLUTIONS] = _printed(command)
    if command := peers.sam("benchmarks.patterns.sam"):
        made[SAM] = _printed(command)
    return found, made


def there(name: str, peer: list[str] | None) -> list[str] | None:
    """Give how to run a peer, or say that it is left out."""
    if peer is None:
        sys.stderr.write(f"{name} could not be installed, and is left out\n")
    return peer


def of_peer(command: Sequence[str]) -> Figures:
    """Count what one more worker adds to the template that a peer prints."""
    one, few, many = (_printed([*command, str(each)]) for each in (1, FEW, MANY))
    resources = len(many["Resources"]) - len(few["Resources"])
    return {
        **deployed(one),
        "resources": resources / (MANY - FEW),
        "template_bytes": (size(many) - size(few)) / (MANY - FEW),
    }


def _printed(command: Sequence[str]) -> dict[str, Any]:
    # It is in the last line: Solutions Constructs has words before it.
    found: dict[str, Any] = json.loads(peers.output_of(command).splitlines()[-1])
    return found


def deployed(template: Mapping[str, Any], functions: int = 1) -> Figures:
    """Count what a template of so many functions deploys."""
    return {
        "resources": len(template["Resources"]),
        "template_bytes": size(template),
        "depth": depth(template),
        "helpers": helpers(template, functions),
    }


def by_pattern(made: Templates) -> dict[str, dict[str, Figures]]:
    """Count by pattern what each variant deploys, as far as it has the pattern."""
    return {
        pattern: {
            name: deployed(templates[pattern])
            for name, templates in made.items()
            if pattern in templates
        }
        for pattern in patterns.of("ours")
    }


def of_calls() -> dict[str, dict[str, Figures]]:
    """Count by pattern how often one more asks JavaScript, in each variant."""
    found: dict[str, dict[str, Figures]] = {}
    for variant, name in mix.VARIANTS.items():
        for pattern in patterns.of(variant):
            more = added(partial(patterns.several, variant, pattern), 1, 2)
            calls = {"requests": more.requests, "callbacks": more.callbacks}
            found.setdefault(pattern, {})[name] = calls
    return found


def table(title: str, found: Mapping[str, Figures]) -> Table:
    """Show a row for each variant."""
    made = Table(title=title)
    made.add_column("variant")
    for column in COLUMNS:
        made.add_column(column.replace("_", " "), justify="right")
    for name, figures in found.items():
        cells = (figures.get(column) for column in COLUMNS)
        made.add_row(name, *("" if each is None else f"{each:,.0f}" for each in cells))
    return made


def pattern_table(title: str, found: Mapping[str, Mapping[str, Figures]]) -> Table:
    """Show a row for each pattern, and a column for each variant."""
    ways = list(dict.fromkeys(way for each in found.values() for way in each))
    made = Table(title=title)
    made.add_column("pattern")
    for way in ways:
        made.add_column(way, justify="right")
    for pattern, each in found.items():
        cells = (each.get(way, {}).values() for way in ways)
        made.add_row(pattern, *(" / ".join(f"{it:,.0f}" for it in of) for of in cells))
    return made


def main() -> None:
    """Count, print, and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.counts", description=__doc__
    )
    parser.add_argument(
        "--quick", action="store_true", help="without the calls of each pattern"
    )
    quick = parser.parse_args().quick
    with ThreadPoolExecutor(1) as pool:
        meanwhile = pool.submit(of_peers)  # in processes of their own
        found, mixes, templates = of_workers(), of_mixes(), of_patterns()
        calls = {} if quick else of_calls()
        others, made = meanwhile.result()
    found |= others
    parts = by_pattern({**templates, **made})
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table("What one more worker adds", found))
    console.print(table(f"What one more mix of {len(parts)} sources adds", mixes))
    title = "A pattern: resources / template bytes / depth / helpers"
    console.print(pattern_table(title, parts))
    if calls:
        console.print(pattern_table("One more: requests / callbacks", calls))
    written = {
        "topic": "counts",
        "from": FEW,
        "to": MANY,
        "variants": found,
        "mix": {"functions": len(parts), "variants": mixes},
        "patterns": parts,
        "calls": calls,
    }
    console.print(f"written to {write('counts', written, quick=quick)}")


if __name__ == "__main__":
    main()
