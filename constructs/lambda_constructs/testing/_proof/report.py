"""What a proof found, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Word: TypeAlias = Literal["necessary", "repeated", "superfluous", "unnoticed", "loose"]


@dataclass(frozen=True)
class Grant:
    """One action on one resource of a policy, and what became of the stack without it.

    Attributes:
        policy: The construct path of the policy below the stack.
        action: The action; after `not` it is one that the policy denies.
        resource: The resource, with construct paths for what the stack has.
        verdict: `necessary`; `repeated` if a key leaves it to the account a second
            time, as CDK writes it for secrets; `superfluous` if nothing failed without
            it; `unnoticed` if a handler was denied a call and the contract held all the
            same; `loose` if it is a wildcard where calls name a resource.
        why: What failed, or what to do.
    """

    policy: str
    action: str
    resource: str
    verdict: Word
    why: str


@dataclass(frozen=True)
class Attack:
    """A kind of request to a resource, of which none may be let in.

    Attributes:
        target: The construct path of the resource.
        name: `foreign account`, `foreign source`, `no source`, `re-created ARN`,
            `foreign token`, `no token`, `plain HTTP` or `nobody`; `rightful caller` is
            the one that has to be let in.
        action: The action that is asked for.
        succeeds: Whether it is not as it has to be.
    """

    target: str
    name: str
    action: str
    succeeds: bool


@dataclass(frozen=True)
class PermissionReport:
    """What every policy of a stack is worth; prints as a table.

    Attributes:
        stack: The stack's name.
        grants: Every action on every resource of every policy.
        attacks: What was tried on the resources that have policies of their own.
        unmodelled: What the stack has and the test kit does not model, by construct
            path: a grant that only this needs shows as superfluous.
    """

    stack: str
    grants: tuple[Grant, ...]
    attacks: tuple[Attack, ...]
    unmodelled: Mapping[str, str]

    @property
    def necessary(self) -> tuple[Grant, ...]:
        """The grants that something fails without."""
        return tuple(each for each in self.grants if each.verdict == "necessary")

    @property
    def survivors(self) -> tuple[Grant, ...]:
        """The grants that are loose, or that nothing fails without."""
        fine = {"necessary", "repeated"}
        return tuple(each for each in self.grants if each.verdict not in fine)

    @property
    def successful_attacks(self) -> tuple[Attack, ...]:
        """The attacks that got in, and the rightful callers that did not."""
        return tuple(each for each in self.attacks if each.succeeds)

    @property
    def proven(self) -> bool:
        """Whether every grant is necessary and every attack is refused."""
        return not self.survivors and not self.successful_attacks

    @property
    def summary(self) -> str:
        """One line with the numbers."""
        loose = sum(each.verdict == "loose" for each in self.grants)
        repeated = sum(each.verdict == "repeated" for each in self.grants)
        return (
            f"{len(self.necessary)} of {len(self.grants) - repeated} grants necessary, "
            f"{loose} loose, {len(self.successful_attacks)} of {len(self.attacks)} "
            "attacks succeed"
        )

    def assert_proven(self) -> None:
        """Fail if a grant survives or an attack succeeds.

        Raises:
            AssertionError: The table of those.
        """
        if not self.proven:
            raise AssertionError("\n" + self._text(self.survivors))

    def __str__(self) -> str:
        """Give the table with a line for each grant."""
        return self._text(self.grants)

    def _text(self, grants: Sequence[Grant]) -> str:
        rows = [
            (each.policy, each.action, each.resource, each.verdict, each.why)
            for each in grants
        ] + [
            (each.target, each.action, "", "attack succeeds", each.name)
            for each in self.successful_attacks
        ]
        lines = _table(("Policy", "Action", "Resource", "Verdict", "Why"), rows)
        if self.survivors and self.unmodelled:
            lines += [
                f"not modelled: {path}, {what}"
                for path, what in self.unmodelled.items()
            ]
        return "\n".join([f"{self.stack}: {self.summary}", *lines])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in [head, *rows]
    ]
    return [lines[0], "─" * min(sum(widths) + 2 * len(widths), 120), *lines[1:]]
