"""The command: two processes, each of which proves one stack after the other."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

# It costs seconds in each process, and CI synthesizes with it once.
os.environ.setdefault("CDK_VALIDATION", "false")

from aws_cdk import App, Stack

from lambda_constructs.testing import PermissionReport
from lambda_constructs.testing._deploy import CONTEXT
from lambda_constructs.testing.proof import prove
from tests.synthesized import STEMS, class_id, stack_class

WORKERS = 2


def main(wanted: Sequence[str]) -> int:
    """Prove the stacks of these ids, or all; give the exit code."""
    began = time.perf_counter()
    stems = {class_id(stem): stem for stem in STEMS}
    unknown = sorted(set(wanted) - set(stems))
    if unknown:
        print(f"there is no stack {', '.join(unknown)}; there are {', '.join(stems)}")
        return 2
    chosen = [stems[id] for id in wanted] if wanted else STEMS
    reports = []
    with tempfile.TemporaryDirectory(prefix="prove-") as scratch:
        folders = {stem: synthesize(stem, Path(scratch) / stem) for stem in chosen}
        say(began, f"synthesized {len(folders)} stacks")
        # The largest first, so that no process is left alone with it.
        first = sorted(chosen, key=lambda stem: -size(folders[stem]))
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(WORKERS, context) as pool:
            waiting = [pool.submit(run, stem, folders[stem]) for stem in first]
            for done in as_completed(waiting):
                report, seconds = done.result()
                reports.append(report)
                say(began, f"{report.stack}: {report.summary}, {seconds:.0f} s")
    return tell(sorted(reports, key=lambda each: each.stack), began)


def tell(reports: Sequence[PermissionReport], began: float) -> int:
    """Print what survived and the sum; give the exit code."""
    for report in reports:
        print(f"\n{report}")
    grants = [each for report in reports for each in report.grants]
    loose = sum(each.verdict == "loose" for each in grants)
    necessary = sum(each.verdict == "necessary" for each in grants)
    attacks = sum(len(report.attacks) for report in reports)
    successes = sum(len(report.successful_attacks) for report in reports)
    print(
        f"\n{len(reports)} stacks: {necessary} of {len(grants)} grants necessary, "
        f"{loose} loose, {successes} of {attacks} attacks succeed; "
        f"{time.perf_counter() - began:.0f} s in all"
    )
    return 0 if all(report.proven for report in reports) else 1


def say(began: float, text: str) -> None:
    """Print a line with the time."""
    print(f"{time.perf_counter() - began:6.1f} s  {text}", flush=True)


def synthesize(stem: str, folder: Path) -> Path:
    """Synthesize one stack into a folder of its own."""
    stack = contract_module(stem).__dict__.get("stack", by_class(stem))
    made: Stack = stack(App(context=CONTEXT, outdir=str(folder)), class_id(stem))
    return Path(App.of(made).synth().directory)  # type: ignore[union-attr]


def by_class(stem: str) -> type[Stack]:
    """What makes a stack whose contract does not say otherwise."""
    return stack_class(stem)


def contract_module(stem: str):
    """The module of a stack's contract."""
    return importlib.import_module(f"tests.contracts.{stem}")


def size(folder: Path) -> int:
    """About how long a stack takes."""
    return sum(path.stat().st_size for path in folder.glob("*.template.json"))


def run(stem: str, folder: Path) -> tuple[PermissionReport, float]:
    """Prove one stack, in a process that has others to prove as well."""
    # It tells at length of each state that fails.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    began = time.perf_counter()
    report = prove(folder, contract_module(stem).contract)
    return report, time.perf_counter() - began
