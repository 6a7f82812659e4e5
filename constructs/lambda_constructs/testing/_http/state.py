"""What the fronts of an account are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Piece:
    """A resource as the template has it, its values resolved."""

    ref: str
    path: str
    properties: Properties


@dataclass
class Fronts:
    """Every piece, by its type in a word and by what `Ref` gives.

    Attributes:
        answers: What authorizers said of whom, and until when that holds.
    """

    answers: dict[tuple[str, ...], tuple[float, Any]] = field(default_factory=dict)
    _pieces: dict[str, dict[str, Piece]] = field(default_factory=dict)

    def add(self, kind: str, piece: Piece) -> None:
        """Take note of one."""
        self._pieces.setdefault(kind, {})[piece.ref] = piece

    def get(self, kind: str, ref: str) -> Piece | None:
        """Give one by what `Ref` gives."""
        return self._pieces.get(kind, {}).get(ref)

    def of(self, kind: str, name: str, value: str) -> list[Piece]:
        """Give those whose property *name* is *value*, as they were created."""
        pieces = self._pieces.get(kind, {}).values()
        return [each for each in pieces if each.properties.get(name) == value]


_FRONTS: WeakKeyDictionary[LocalAccount, Fronts] = WeakKeyDictionary()


def fronts_of(account: LocalAccount) -> Fronts:
    """Give what the fronts of an account are made of."""
    return _FRONTS.setdefault(account, Fronts())
