"""Compare our evaluator with an independent one on random cases.

python -m tests.testing.iam.fuzz --cases 20000 --seed 1
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.testing.iam.cases import Case, Oracle, OracleError, ours
from tests.testing.iam.generator import case as generate
from tests.testing.iam.generator import seeded
from tests.testing.iam.oracle_gaps import gap

BATCH = 500
FOLDER = Path(__file__).parents[3] / ".venv" / "oracle"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--oracle", type=Path, default=FOLDER)
    options.add_argument(
        "--differences", type=int, default=5, help="stop after so many"
    )
    chosen = options.parse_args()
    if not (chosen.oracle / "node_modules").is_dir():
        options.error(f"no oracle in {chosen.oracle}; the make target installs it")
    with Oracle(chosen.oracle) as oracle:
        return _run(oracle, chosen)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _run(oracle: Oracle, chosen: argparse.Namespace) -> int:
    rng = seeded(chosen.seed)
    causes: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    found: list[Case] = []
    while causes.total() < chosen.cases and len(found) < chosen.differences:
        batch = []
        while len(batch) < min(BATCH, chosen.cases - causes.total()):
            case = generate(rng)
            if reason := gap(case):
                left_out[reason] += 1
            else:
                batch.append(case)
        for case, theirs in zip(batch, oracle.ask(batch), strict=True):
            mine, cause = verdict(case)
            causes[cause] += 1
            if mine != theirs:
                found.append(case)
    for case in found[: chosen.differences]:
        _show(shrink(case, oracle), oracle)
    _report(chosen.seed, causes, left_out, len(found))
    return 1 if found else 0


def verdict(case: Case) -> tuple[str, str]:
    """Give our decision in the oracle's words, and its cause in ours."""
    decision = ours(case)
    if decision.allowed:
        return "Allowed", f"allowed by {decision.by}"
    if decision.explicit:
        return "ExplicitlyDenied", f"denied explicitly by {decision.by}"
    return "ImplicitlyDenied", f"denied implicitly: no {decision.by}"


def shrink(case: Case, oracle: Oracle) -> Case:
    """Leave out whatever the difference does not need."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in reductions(case):
            if _differs(candidate, oracle):
                case, smaller = candidate, True
                break
    return case


def _differs(case: Case, oracle: Oracle) -> bool:
    try:
        return gap(case) is None and verdict(case)[0] != oracle.ask([case])[0]
    except (OracleError, ValueError, LookupError):
        return False


def reductions(case: Case) -> Iterator[Case]:
    """Give every case with one element less."""
    for path in _paths(case, ()):
        candidate = copy.deepcopy(case)
        parent = candidate
        for step in path[:-1]:
            parent = parent[step]
        if len(path) == 1:
            if parent[path[0]] is None or path[0] in ("principal", "action"):
                continue
            if path[0] in ("resource", "account", "context", "identity"):
                continue
            parent[path[0]] = None
        else:
            del parent[path[-1]]
        yield candidate


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    steps: Any = ()
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = range(len(value))
    for step in steps:
        yield (*path, step)
        yield from _paths(value[step], (*path, step))


def _show(case: Case, oracle: Oracle) -> None:
    slim = {key: value for key, value in case.items() if value}
    say(json.dumps(slim, indent=1))
    say(f"  ours: {ours(case)}\n  oracle: {oracle.ask([case])[0]}\n")


def _report(seed: int, causes: Counter[str], left_out: Counter[str], n: int) -> None:
    say(f"seed {seed}: {causes.total()} cases, {n} differences")
    for cause, count in causes.most_common():
        say(f"  {count:6} {cause}")
    say(
        f"left out, where the oracle differs from the documentation: {left_out.total()}"
    )
    for reason, count in left_out.most_common():
        say(f"  {count:6} {reason}")


if __name__ == "__main__":
    sys.exit(main())
