"""Make deployment packages of Python functions without Docker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TypeVar

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from lambda_constructs._configuration import written_configuration
from lambda_constructs._known import node_of, path_of
from lambda_constructs._packaging.collect import COLLECT_VARIABLE, Collected, collect
from lambda_constructs._packaging.package import get_package
from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import Limits
from lambda_constructs._packaging.target import (
    LAYER_ROOT,
    TASK_ROOT,
    Target,
    ends_soon,
)
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.practices import Practice

__all__ = ["PythonCode"]

HOST_CONTEXT = "lambda-constructs:package-for-host"
Item = TypeVar("Item")
Given = TypeVar("Given")


@dataclass(frozen=True)
class PythonCode:
    """A deployment package made from a handler folder, without Docker.

    The package holds the folder's files and what its `uv.lock`, `pylock.toml`,
    `requirements.txt` or `pyproject.toml` names, the first of them that is there,
    installed as wheels for the architecture and runtime of the function. It is made
    once, kept in a cache, and is the same on every machine.

    Attributes:
        folder: The handler folder.
        requirements: The file that names the dependencies, if it is another one.
        shared: Modules and packages that several functions use; each is in the
            package under its own name.
        layers: What the function's layers are made of. What they bring is left out
            here, and their size counts.
        exclude: Globs of files to leave out, besides tests, caches and the like.
        include: Globs of files to take although they would be left out.
        boto3_for: Put boto3 into the package, with the data of these services, named
            as in `boto3.client`; `*` is all of them. Otherwise the one in Lambda's
            runtime is used, which AWS keeps up to date.
        provided: Modules that a layer brings which was not made here.
        bytecode: Whether modules are compiled; a cold start then takes half the time.
            Unset, they are where the runtime's version of Python is at hand.
    """

    folder: Path
    requirements: Path | None = None
    shared: tuple[Path, ...] = ()
    layers: tuple[PythonCode, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    boto3_for: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()
    bytecode: bool | None = None

    def __post_init__(self) -> None:
        """Check what can be checked before the function is known."""
        if not self.folder.is_dir():
            what = "a file" if self.folder.is_file() else "nothing there"
            raise ConfigurationError(
                f"PythonCode needs a folder, got {self.folder}, {what}; pass a path "
                "from where the app is run, e.g. 'lambda_src/thumbnailer'"
            )
        for path in self.shared:
            if not path.exists():
                raise ConfigurationError(
                    f"shared= must name files or folders, got {path}, which is "
                    "not there; pass paths from where the app is run"
                )

    @classmethod
    def from_folder(
        cls,
        folder: str | PathLike[str],
        *,
        requirements: str | PathLike[str] | None = None,
        shared: Iterable[str | PathLike[str]] = (),
        layers: Iterable[PythonCode] = (),
        exclude: Iterable[str] = (),
        include: Iterable[str] = (),
        boto3_for: Iterable[str] = (),
        provided: Iterable[str] = (),
        bytecode: bool | None = None,
    ) -> PythonCode:
        """Take the code of a function from its folder; the class tells the options.

        Raises:
            ConfigurationError: There is no such folder or file.
        """
        return cls(
            folder=Path(folder),
            requirements=None if requirements is None else Path(requirements),
            shared=_several("shared", shared, Path),
            layers=tuple(layers),
            exclude=_several("exclude", exclude, str),
            include=_several("include", include, str),
            boto3_for=_several("boto3_for", boto3_for, str),
            provided=_several("provided", provided, str),
            bytecode=bytecode,
        )

    def for_function(
        self,
        scope: Construct,
        /,
        *,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        handler: str,
    ) -> lambda_.Code:
        """Make the package for a function; `LambdaFunction` calls this for you.

        Raises:
            ConfigurationError: It cannot be made, or could not work in Lambda.
        """
        return self._code(scope, runtime, architecture, handler, TASK_ROOT, Limits())

    def for_edge_function(
        self,
        scope: Construct,
        /,
        *,
        runtime: lambda_.Runtime,
        handler: str,
        configuration: Mapping[str, object] | None = None,
    ) -> lambda_.Code:
        """Make the package for a Lambda@Edge function, which runs on x86_64 only.

        The *configuration* is in it as `configuration.json`, in place of the
        variables that the edge has not.

        Raises:
            ConfigurationError: It cannot be made, or is too large for the edge.
        """
        written = (
            ()
            if configuration is None
            else (written_configuration(scope, configuration, self.folder),)
        )
        x86 = lambda_.Architecture.X86_64
        edge = Limits(edge=True)
        return self._code(scope, runtime, x86, handler, TASK_ROOT, edge, written)

    def for_layer(
        self,
        scope: Construct,
        /,
        *,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
    ) -> lambda_.Code:
        """Make a layer of the folder's files and dependencies, importable by functions.

        Pass the result to `lambda_.LayerVersion`, and this to `layers=` of the code of
        each function that has the layer.

        Raises:
            ConfigurationError: It cannot be made.
        """
        return self._code(scope, runtime, architecture, None, LAYER_ROOT, Limits())

    def _code(
        self,
        scope: Construct,
        runtime: lambda_.Runtime,
        architecture: lambda_.Architecture,
        handler: str | None,
        root: str,
        limits: Limits,
        written: tuple[tuple[str, str], ...] = (),
    ) -> lambda_.Code:
        """Get the package, and say on *scope* what is to be said about it."""
        inputs = replace(self._inputs(), written=written)
        try:
            target = Target.of_lambda(runtime.name, architecture.name, root)
            if node_of(scope).try_get_context(HOST_CONTEXT) in (True, "true"):
                target = Target.of_host(root)
            if to := os.environ.get(COLLECT_VARIABLE):
                wanted = Collected(path_of(scope), inputs, target, handler, limits)
                return lambda_.Code.from_asset(str(collect(wanted, Path(to))))
            package = get_package(inputs, target, handler, limits)
        except ConfigurationError as error:
            raise ConfigurationError(str(error), scope=scope) from error.__cause__
        for practice, message in package.warnings:
            Practice(practice).warn(scope, message)
        if day := ends_soon(target, date.today()):
            Practice.RUNTIME_ENDS_SOON.warn(
                scope,
                f"Lambda supports {runtime.name} until {day}; move to a newer runtime",
            )
        return lambda_.Code.from_asset(str(package.zip), asset_hash=package.asset_hash)

    def _inputs(self) -> Inputs:
        folder = self.folder.absolute()
        near = folder.is_relative_to(Path.cwd())
        return Inputs(
            folder=folder,
            name=folder.relative_to(Path.cwd()).as_posix() if near else folder.name,
            requirements=self.requirements and self.requirements.absolute(),
            shared=tuple(path.absolute() for path in self.shared),
            layers=tuple(layer._inputs() for layer in self.layers),
            exclude=self.exclude,
            include=self.include,
            boto3_for=self.boto3_for,
            provided=self.provided,
            bytecode=self.bytecode,
        )


def _several(
    option: str, values: Iterable[Given], kind: Callable[[Given], Item]
) -> tuple[Item, ...]:
    """Give the values of an option that takes several, of which a string is none."""
    if isinstance(values, str):
        raise ConfigurationError(
            f"{option}= must be several, got {values!r}; pass {option}=({values!r},)"
        )
    return tuple(kind(value) for value in values)
