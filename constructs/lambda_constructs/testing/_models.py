"""Keeps what botocore reads of the services for every session of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader

_read: dict[str, Any] = {}


@contextmanager
def shared_models() -> Iterator[None]:
    """Let sessions share models and endpoints, which they only read.

    botocore parses them again for each session, and each cold start has its own.
    """
    really_load = JSONFileLoader.load_file

    def load_file(loader: JSONFileLoader, path: str) -> Any:
        if path not in _read:
            _read[path] = really_load(loader, path)
        return _read[path]

    with patch.object(JSONFileLoader, "load_file", load_file):
        yield
