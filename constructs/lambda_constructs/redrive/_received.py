"""A message of a store, as it is kept there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Received:
    """A message or an object.

    Attributes:
        id: What names it: a message's id, the end of an object's key.
        key: What names it for the journal, and for good.
        body: Its text.
        at: When it failed, as far as the store tells.
        attributes: A message's own attributes, as SQS gives them.
        system: What SQS says of it.
        handle: What it is deleted by.
        taken: When it was received, by the process's clock.
    """

    id: str
    key: str
    body: str
    at: datetime
    attributes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    system: Mapping[str, str] = field(default_factory=dict, hash=False)
    handle: str = ""
    taken: float = 0.0

    def attribute(self, name: str) -> str:
        """Give the text of an attribute, or nothing."""
        return str(self.attributes.get(name, {}).get("StringValue", ""))

    @property
    def group(self) -> str:
        """The group whose order a FIFO queue keeps."""
        return self.system.get("MessageGroupId", "")
