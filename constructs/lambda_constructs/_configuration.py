"""What a function is told by a file of its package instead of its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from constructs import IConstruct

from lambda_constructs.errors import ConfigurationError, is_token

__all__: list[str] = []

FILE = "configuration.json"


def written_configuration(
    scope: IConstruct, configuration: Mapping[str, object], folder: Path
) -> tuple[str, str]:
    """Give the name and the text of the file.

    Raises:
        ConfigurationError: A value is not known at synthesis or is none of JSON's, or
            the file of that name in *folder*, which it replaces, has other names.
    """
    _check("configuration", configuration, scope)
    _check_names(configuration, folder / FILE, scope)
    return FILE, json.dumps(configuration, indent=2, sort_keys=True) + "\n"


def _check(path: str, value: object, scope: IConstruct) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(name, str):
                raise ConfigurationError(
                    f"{path} must have names that are text, got {name!r}", scope=scope
                )
            _check(f"{path}[{name!r}]", each, scope)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _check(f"{path}[{index}]", each, scope)
    elif not (value is None or isinstance(value, str | bool | int | float)):
        raise ConfigurationError(
            f"{path} must be a value that JSON has, got {value!r} "
            f"({type(value).__name__}); pass text, numbers, lists and mappings",
            scope=scope,
        )
    elif is_token(value) or is_token([value]):
        raise ConfigurationError(
            f"{path} must be known at synthesis, got a value that CloudFormation "
            "resolves later, and never in a package; pass a literal, such as a name "
            "that you choose yourself",
            scope=scope,
        )


def _check_names(
    configuration: Mapping[str, object], file: Path, scope: IConstruct
) -> None:
    """Compare with the file in the folder, which is what the code was written for."""
    if not file.is_file():
        return
    try:
        declared = set(json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{file} must be a JSON object, got {error}", scope=scope
        ) from None
    if declared != set(configuration):
        raise ConfigurationError(
            f"configuration must have the names of {file}: "
            f"{', '.join(sorted(declared))}; got {', '.join(sorted(configuration))}",
            scope=scope,
        )
