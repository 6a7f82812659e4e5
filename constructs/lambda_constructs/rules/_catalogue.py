"""All rules, in the order of their ids."""

from __future__ import annotations

from lambda_constructs.rules import (
    _functions,
    _queues,
    _recursion,
    _roles,
    _stacks,
    _triggers,
)

RULES = sorted(
    (
        *_functions.RULES,
        *_queues.RULES,
        *_recursion.RULES,
        *_roles.RULES,
        *_stacks.RULES,
        *_triggers.RULES,
    ),
    key=lambda rule: rule.id,
)
