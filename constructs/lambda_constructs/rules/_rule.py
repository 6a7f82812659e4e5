"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lambda_constructs.rules._template import Template


@dataclass(frozen=True)
class Finding:
    """One resource that does not keep a rule.

    Attributes:
        logical_id: Of the resource, in the template.
        what: What is wrong with it, in a few words.
        location: The property at fault.
    """

    logical_id: str
    what: str
    location: str = "Properties"


Check = Callable[[Template], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A practice that is checked on every template of an app.

    Attributes:
        id: Stable, and part of the public API; `lambda-constructs::` goes before it.
        title: What holds where it is kept.
        remedy: What to do where it is not.
        link: The page of AWS's that it comes from.
        check: Finds what does not keep it.
        severity: `error` fails synthesis, `warning` does not; `fatal` fails it and
            cannot be acknowledged, since AWS would refuse the template.
    """

    id: str
    title: str
    remedy: str
    link: str
    check: Check
    severity: str = "warning"
