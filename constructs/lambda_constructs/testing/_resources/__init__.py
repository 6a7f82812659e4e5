"""How each type of resource comes into the account: one module per service.

Being a module of this package with a `CREATE` is all that a service needs.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from lambda_constructs.testing._resources._create import Create


@cache
def creators() -> Mapping[str, Create]:
    """Give what creates each type of resource."""
    found: dict[str, Create] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            found.update(import_module(f"{__name__}.{module.name}").CREATE)
    return found
