"""Keeps one execution environment's modules, loggers and variables from another's."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import boto3

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "PYTHONUTF8", "TMPDIR", "SSL_CERT_FILE")


class Sandbox:
    """What an execution environment keeps between its invocations.

    Handlers are all called `index`, bring packages of their own and configure
    loggers; as in Lambda none of that reaches another environment.
    """

    def __init__(self, task_root: Path, variables: Mapping[str, str]) -> None:
        self.task_root = task_root
        self.variables = variables
        self.stdout = io.StringIO()
        self._own = {
            path.name.split(".")[0]
            for path in task_root.iterdir()
            if not path.name.endswith(("-info", ".pyc"))
        }
        self._modules: dict[str, ModuleType] = {}
        self._loggers: dict[str, logging.Logger | logging.PlaceHolder] = {}
        self._session: boto3.Session | None = None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside: what is imported, set and printed now is this sandbox's."""
        with (
            self._own_variables(),
            self._own_modules(),
            self._own_loggers(),
            self._own_session(),
            redirect_stdout(self.stdout),
            redirect_stderr(self.stdout),
        ):
            yield

    def is_own(self, module: str) -> bool:
        """Tell whether a module is part of the deployment package."""
        return module.split(".")[0] in self._own

    def forget_modules(self) -> None:
        """Let the next import be the first."""
        self._take_out()

    @contextmanager
    def _own_variables(self) -> Iterator[None]:
        before = dict(os.environ)
        kept = {name: before[name] for name in KEPT_VARIABLES if name in before}
        os.environ.clear()
        os.environ.update(kept | dict(self.variables))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        outside = self._take_out()
        sys.modules.update(self._modules)
        sys.path.insert(0, str(self.task_root))
        try:
            yield
        finally:
            sys.path.remove(str(self.task_root))
            self._modules = self._take_out()
            sys.modules.update(outside)

    def _take_out(self) -> dict[str, ModuleType]:
        found = {name: each for name, each in sys.modules.items() if self.is_own(name)}
        for name in found:
            del sys.modules[name]
        return found

    @contextmanager
    def _own_loggers(self) -> Iterator[None]:
        manager, root = logging.Logger.manager, logging.getLogger()
        outside, handlers, level = manager.loggerDict, root.handlers, root.level
        manager.loggerDict = {**outside, **self._loggers}
        stream = logging.StreamHandler(self.stdout)
        stream.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
        root.handlers = [stream]
        root.setLevel(logging.WARNING)
        try:
            yield
        finally:
            self._loggers = {
                name: each
                for name, each in manager.loggerDict.items()
                if outside.get(name) is not each
            }
            manager.loggerDict = outside
            root.handlers = handlers
            root.setLevel(level)

    @contextmanager
    def _own_session(self) -> Iterator[None]:
        outside, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, self._session
        try:
            yield
        finally:
            self._session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, outside
