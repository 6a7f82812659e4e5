"""What happened in the account, one line each."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Happening", "Timeline"]


@dataclass(frozen=True)
class Happening:
    """One thing that happened.

    Attributes:
        at: Seconds since the account was made.
        where: The construct path, or the physical name where there is none.
        what: One word: sent, polled, invoked, retry, dead-lettered, destination...
        detail: The rest, for a person.
    """

    at: float
    where: str
    what: str
    detail: str = ""


class Timeline(list[Happening]):
    """Every happening, in order; prints as aligned lines."""

    def __str__(self) -> str:
        """Align the columns."""
        if not self:
            return "nothing happened"
        width = max(len(each.where) for each in self)
        verbs = max(len(each.what) for each in self)
        return "\n".join(
            f"{each.at:>10.3f} s  {each.where:<{width}}  {each.what:<{verbs}}  "
            f"{each.detail}".rstrip()
            for each in self
        )
