"""The account and Region that a stack was synthesized for, as those of the kit."""

from __future__ import annotations

import re

__all__: list[str] = []

ACCOUNT = "123456789012"
"""The number of the kit's one account."""

ENVIRONMENT = re.compile(r"aws://(?P<account>[^/]+)/(?P<region>.+)")


def at_home(template: str, environment: str, region: str) -> str:
    """Write *template* as if it had been synthesized for the kit's account and Region.

    What a stack says by `env=` is in its ARNs, conditions and principals, and nothing
    of it would be found here. A Region counts where it stands by itself or before the
    letter of a zone: it may be part of a name.
    """
    found = ENVIRONMENT.fullmatch(environment)
    if found is None:
        return template
    account, there = found["account"], found["region"]
    if account.isdecimal():
        template = re.sub(rf"(?<!\d){account}(?!\d)", ACCOUNT, template)
    if not there.startswith("unknown"):
        whole = rf"(?<![\w-]){re.escape(there)}(?![0-9-]|\w\w)"
        template = re.sub(whole, region, template)
    return template
