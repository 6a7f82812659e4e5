"""The command: breaks each rule in a copy of the library, and runs its test."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from tests.mutation.rules import KIT, ROOT, Rule, faults, load

WORKERS = 2
SECONDS = 180
"""How long a test may take; a rule that makes it endless has to be broken better."""

MODULES = ["boto3", "moto", "pytest"] + [
    f"moto.{each}.models"
    for each in ("dynamodb", "events", "iam", "kinesis", "logs", "s3", "sns", "sqs")
]
"""What every test imports and no rule is in: processes begin with it, which halves
the time. hypothesis is not to be imported before pytest runs, nor is the library."""

ENDED = 100
"""Added to pytest's exit code, which is then that of no process that crashed."""

VERDICTS = {0: "SURVIVED", 1: "killed"}
STYLES = {"killed": "green", "SURVIVED": "bold red", "NO VERDICT": "bold yellow"}
console = Console(highlight=False, soft_wrap=True)


def main(topics: Sequence[str]) -> int:
    """Break the rules of these topics, or all; give the exit code."""
    began = time.perf_counter()
    try:
        rules = load(topics)
    except ValueError as error:
        console.print(f"[bold red]{escape(str(error))}")
        return 2
    if wrong := faults(rules):
        console.print(*(f"[bold red]{escape(each)}" for each in wrong), sep="\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        copies = [Path(scratch) / str(number) for number in range(WORKERS)]
        copy(ROOT / "constructs", copies[0])
        tests = sorted({each.test for each in rules})
        output = Path(scratch) / "output.txt"
        with console.status(f"{len(tests)} tests, with no rule broken"):
            unbroken = pytest(copies[0], tests, output, None)
        if unbroken != 0:
            console.print(escape(output.read_text()), "[bold red]no rule is broken yet")
            return 1
        for each in copies[1:]:
            copy(copies[0], each)
        verdicts = break_all(rules, copies)
    return tell(rules, verdicts, time.perf_counter() - began)


def copy(source: Path, target: Path) -> None:
    """Copy the library, with its bytecode, which goes by the sources' times."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.egg-info"))


def pytest(
    library: Path, tests: Sequence[str], output: Path, seconds: float | None
) -> int | None:
    """Run tests with a copy of the library; give pytest's exit code, if it ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(MODULES)
    process = context.Process(target=run, args=(library, tests, output, seconds))
    process.start()
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
    code = process.exitcode
    return None if code is None or code < ENDED else code - ENDED


def run(
    library: Path, tests: Sequence[str], output: Path, seconds: float | None
) -> None:
    """Run tests in this process, which has nothing else to do."""
    import pytest

    os.chdir(ROOT)
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.path[:0] = [str(library), str(ROOT)]
    os.environ["PYTHONPATH"] = f"{library}{os.pathsep}{ROOT}"
    # What a broken rule makes hypothesis find is no example for later.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(library / ".hypothesis")
    # Bytecode goes by seconds, in which a module may be broken and mended.
    sys.dont_write_bytecode = seconds is not None
    options = ["-x", "-q", "--tb=short", "-p", "no:xdist", "-p", "no:cacheprovider"]
    code = pytest.main([*options, "-o", "pythonpath=", *tests])
    sys.stdout.flush()
    os._exit(ENDED + int(code))


def break_all(rules: Sequence[Rule], copies: Sequence[Path]) -> dict[Rule, str]:
    """Break one rule after the other, at once in as many copies as there are."""
    free: SimpleQueue[Path] = SimpleQueue()
    for each in copies:
        free.put(each)

    def take(rule: Rule) -> tuple[Rule, str]:
        library = free.get()
        try:
            return rule, break_one(rule, library)
        finally:
            free.put(library)

    verdicts = {}
    with ThreadPoolExecutor(len(copies)) as pool, Progress(console=console) as progress:
        task = progress.add_task("rules", total=len(rules))
        for done in as_completed([pool.submit(take, rule) for rule in rules]):
            rule, verdict = done.result()
            verdicts[rule] = verdict
            progress.print(line(rule, verdict))
            progress.advance(task)
    return verdicts


def break_one(rule: Rule, library: Path) -> str:
    """Tell whether the rule's test fails without it."""
    module = library / KIT / rule.file
    text = module.read_text()
    module.write_text(rule.apply(text))
    code = pytest(library, [rule.test], library / "output.txt", SECONDS)
    module.write_text(text)
    return VERDICTS.get(code, "NO VERDICT")


def line(rule: Rule, verdict: str) -> str:
    """One rule and what became of it."""
    return (
        f"[{STYLES[verdict]}]{verdict:10}[/]  {rule.topic:14}  {escape(rule.rule)}"
        + ("" if verdict == "killed" else f"\n{'':28}{escape(rule.test)}")
    )


def tell(rules: Sequence[Rule], verdicts: dict[Rule, str], seconds: float) -> int:
    """Print the sum, and what survived once more; give the exit code."""
    left = [each for each in rules if verdicts[each] != "killed"]
    for each in left:
        console.print(line(each, verdicts[each]))
    counts = Counter(verdicts.values())
    said = ", ".join(f"{counts[each]} {each}" for each in STYLES if counts[each])
    console.print(f"{len(rules)} rules broken: {said}; {seconds:.0f} s in all")
    return 1 if left else 0
