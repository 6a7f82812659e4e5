"""The CDK CLI: synthesize, bootstrap, deploy and destroy by its real commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.environment import ROOT
from tests.e2e.errors import CommandError, UsageError
from tests.e2e.processes import end_group, uninterrupted

QUIET = ("--ci", "--no-color", "--no-notices", "--no-version-reporting")
EVENT = re.compile(r"(?P<stack>\S+) \| +(?P<progress>\d+/\d+) \|.*\| (?P<what>\S+) ")
DEPLOYED = re.compile(r"✅ +(?P<stack>\S+)")
NOISE = re.compile(r"Subprocess exited with error|: (start|success): |Synthesis time")
TAIL_LINES = 15


@dataclass(frozen=True)
class Stack:
    """One stack of the app.

    Attributes:
        path: Its construct path, by which the CLI selects it.
        name: Its name in CloudFormation.
    """

    path: str
    name: str


@dataclass(frozen=True)
class Cdk:
    """The CLI in one environment.

    Attributes:
        state: The folder for the cloud assembly, the outputs and the log.
        context: What is passed to the app by `-c`.
    """

    environment: Mapping[str, str]
    state: Path
    context: Mapping[str, str] = field(default_factory=dict)
    project: Path = ROOT

    def synth(self, progress: Callable[[str], None]) -> list[Stack]:
        """Run the app as cdk.json says; give its stacks."""
        context = [f"--context={key}={value}" for key, value in self.context.items()]
        arguments = ["--quiet", f"--output={self.assembly}", *context]
        self.run("synth", *arguments, on_line=progress)
        return list(stacks_of(self.assembly))

    def bootstrap(self) -> None:
        """Create what the CLI deploys through: its bucket, roles and version."""
        self.run("bootstrap", *self._app)

    def deploy(
        self, stacks: Sequence[Stack], progress: Callable[[str], None]
    ) -> dict[str, float]:
        """Deploy *stacks*; give the seconds each took, by path."""
        durations: dict[str, float] = {}
        since = time.monotonic()

        def follow(line: str) -> None:
            nonlocal since
            if event := EVENT.match(line):
                progress(f"{event['stack']} {event['progress']} {event['what']}")
            elif done := DEPLOYED.search(line):
                durations[done["stack"]] = time.monotonic() - since
                since = time.monotonic()

        self.run(
            "deploy",
            *self._app,
            "--require-approval=never",
            "--progress=events",
            f"--outputs-file={self.state / 'outputs.json'}",
            *(stack.path for stack in stacks),
            on_line=follow,
        )
        return durations

    def destroy(self, paths: Sequence[str]) -> None:
        """Delete stacks, but for what their removal policies retain."""
        self.run("destroy", *self._app, "--force", *paths)

    def run(
        self, *arguments: str, on_line: Callable[[str], None] | None = None
    ) -> None:
        """Run one command of the CLI to its end, with its output in the log."""
        with self.log.open("a") as log:
            log.write(f"$ cdk {' '.join(arguments)}\n")
            start = log.tell()
            process = self._start(*arguments)
            try:
                for line in process.stdout or ():
                    log.write(line)
                    log.flush()
                    if on_line is not None:
                        on_line(line)
                code = process.wait()
            finally:
                with uninterrupted():
                    end_group(process)
        if code != 0:
            output = self.log.read_text()[start:]
            raise CommandError(f"cdk {arguments[0]} failed:\n{relevant(output)}")

    @property
    def log(self) -> Path:
        """Where the whole output goes."""
        return self.state / "cdk.log"

    @property
    def assembly(self) -> Path:
        """Where the synthesized templates and assets are."""
        return self.state / "cdk.out"

    @property
    def _app(self) -> tuple[str, str]:
        return "--app", str(self.assembly)

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        path = self.environment["PATH"]
        for tool in ("node", "cdk"):
            if shutil.which(tool, path=path) is None:
                raise UsageError(
                    f"no `{tool}` on the PATH nor in .venv; `make deploy-local` and "
                    "`make deploy` install it"
                )
        return subprocess.Popen(
            ["cdk", *arguments, *QUIET],
            executable=shutil.which("cdk", path=path),
            env=self.environment,
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )


def stacks_of(assembly: Path) -> Iterator[Stack]:
    """List the stacks of a cloud assembly, those of its stages included."""
    manifest = json.loads((assembly / "manifest.json").read_text())
    for artifact_id, artifact in manifest.get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            path = artifact.get("displayName", artifact_id).split(" ")[0]
            yield Stack(path, properties.get("stackName", artifact_id))
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from stacks_of(assembly / properties["directoryName"])


def relevant(output: str) -> str:
    """Pick the lines that say why the CLI failed, of a traceback the last ones."""
    last_words = output.rpartition("Traceback (most recent call last):\n")[2]
    lines = [
        line.rstrip()
        for line in last_words.splitlines()
        if line.strip() and not line.startswith((" ", "\t")) and not NOISE.search(line)
    ]
    return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:])
