"""AWS's own list of actions, and of the resources that each can act on.

`_iam/actions.gz` is made from https://github.com/act-security-labs/iam-data (MIT), a
daily reading of AWS's service authorization reference, by `make action-list`.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lambda_constructs._globs import overlap


@dataclass(frozen=True)
class Service:
    """What one service can be asked for.

    Attributes:
        actions: The kinds of resources that an action acts on, by its name; an action
            without any has no resource-level permissions.
        forms: The ARN of each kind of resource, with `${...}` for what differs.
    """

    actions: Mapping[str, tuple[str, ...]]
    forms: Mapping[str, str]

    def applies(self, action: str, arn: str, kind: str = "") -> bool:
        """Tell whether *arn* can be what *action* acts on.

        Args:
            action: A name in `actions`.
            arn: May have wildcards.
            kind: What is known of the text that *arn* begins with, where that is no
                more than a wildcard.
        """
        start, rest = self._split(arn, kind)
        able = [
            each
            for each in self.actions[action]
            if _fits(self.forms[each], start, rest)
        ]
        return bool(able) and not any(
            self._is_part(action, each, start, rest) for each in able
        )

    def has_part(self, action: str, arn: str, kind: str = "") -> bool:
        """Tell whether *arn* is of such a form, if no name in it has a slash."""
        start, rest = self._split(arn, kind)
        return (
            start == ["*"] * 5
            or rest.startswith("*")
            or any(
                _flat(self.forms[each].split(":", 5)[5]).fullmatch(rest)
                for each in self.actions[action]
            )
        )

    def _split(self, arn: str, kind: str) -> tuple[list[str], str]:
        """Give the five fields that begin an ARN, and what they say is about."""
        if arn.startswith("*") and kind:
            arn = _sample(self.forms[kind]) + arn[1:]
        if not arn.startswith("arn:"):
            return ["*"] * 5, arn
        *start, rest = (arn.split(":", 5) + [""] * 5)[:6]
        return start, rest

    def _is_part(self, action: str, kind: str, start: list[str], rest: str) -> bool:
        """Tell whether an ARN names a part of a *kind*, which is a thing of its own.

        Names may have slashes, so `table/orders/index/by-day` has the form of a table,
        too, whose name would be `orders/index/by-day`.
        """
        whole = _sample(self.forms[kind]).split(":", 5)[5]
        if start == ["*"] * 5 and rest.startswith("*"):
            rest = whole + rest[1:]
        for other, form in self.forms.items():
            if other in self.actions[action] or form.count("/") <= whole.count("/"):
                continue
            part = form.split(":", 5)[5]
            held = _pattern(self.forms[kind].split(":", 5)[5])
            if held.fullmatch(_sample(part)) and _pattern(part).fullmatch(rest):
                return True
        return False


def _fits(form: str, start: list[str], rest: str) -> bool:
    fields = form.split(":", 5)
    # The partition is left out: who writes it down has one in mind.
    return all(
        overlap(_glob(field), given)
        for field, given in zip(fields[2:5], start[2:], strict=True)
    ) and overlap(_glob(fields[5]), rest)


def _glob(form: str) -> str:
    return re.sub(r"\$\{[^}]+\}", "?*", form)


def _sample(form: str) -> str:
    return re.sub(r"\$\{[^}]+\}", "x", form)


@cache
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, re.split(r"\$\{[^}]+\}", form))))


@cache
def _flat(form: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\$\{[^}]+\}", form))))


@cache
def _lines() -> tuple[str, Mapping[str, str]]:
    """Read the list: its date, and what it has of each service."""
    packed = files("lambda_constructs").joinpath("_iam/actions.gz").read_bytes()
    source, *lines = gzip.decompress(packed).decode().splitlines()
    services = (line.partition("\t") for line in lines)
    return json.loads(source)["date"], {name: text for name, _, text in services}


def date() -> str:
    """Give the day that the list is of."""
    return _lines()[0]


def services() -> list[str]:
    """Give the services in the list, by the prefix of their actions."""
    return list(_lines()[1])


@cache
def service(prefix: str) -> Service:
    """Give what the list has of a service.

    Raises:
        KeyError: There is no such service.
    """
    found = json.loads(_lines()[1][prefix])
    actions = {
        name: tuple(kinds.split("|")) if kinds else ()
        for kinds, names in found["actions"].items()
        for name in names
    }
    return Service(actions=actions, forms=found["resources"])
