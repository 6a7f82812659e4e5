"""Packages whose modules are imported when a name of theirs is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_attributes(
    package: str,
    modules: Mapping[str, str],
    retired: Mapping[str, str] | None = None,
) -> Callable[[str], object]:
    """Give the `__getattr__` of *package* for names that *modules* hold (PEP 562).

    A name that is *retired* raises a `ConfigurationError` which says what came after.
    """

    def get(name: str) -> object:
        if retired and name in retired:
            errors = import_module("lambda_constructs.errors")
            raise errors.ConfigurationError(retired[name])
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get
