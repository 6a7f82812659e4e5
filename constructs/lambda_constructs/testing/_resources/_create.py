"""What creating a resource takes and gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


@dataclass(frozen=True)
class Request:
    """One resource of a template, its values resolved.

    Attributes:
        account: Where it is to be.
        stack: The name of its stack.
        logical_id: Its name in the template.
        path: Its construct path below the stack, or its logical id.
        properties: Its properties.
        metadata: What CDK noted beside it.
        type: Its type.
        type: Its type.
    """

    account: LocalAccount
    stack: str
    logical_id: str
    path: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    type: str = ""

    def name(self, given: str | None = None, most: int = 64, suffix: str = "") -> str:
        """Give the name that was asked for, or one as CloudFormation makes them."""
        if given:
            return str(given)
        digest = hashlib.sha256(f"{self.stack}/{self.logical_id}".encode()).hexdigest()
        end = f"-{digest[:12]}{suffix}"
        return f"{self.stack}-{self.logical_id}"[: most - len(end)] + end

    def arn(self, service: str, resource: str, *, global_: bool = False) -> str:
        """Give an ARN of this account."""
        where = "" if global_ else self.account.region
        return f"arn:aws:{service}:{where}:{self.account.id}:{resource}"


@dataclass(frozen=True)
class Created:
    """What `Ref` and `Fn::GetAtt` give from then on."""

    ref: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


Create = Callable[[Request], Created]


def document(value: Any) -> str:
    """Render a policy document or another JSON property as the API takes it."""
    return value if isinstance(value, str) else json.dumps(value)
