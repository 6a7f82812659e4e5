"""Parse policy documents, refusing what AWS refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambda_constructs.testing._iam.conditions import compile_conditions
from lambda_constructs.testing._iam.documents import Policy, Role, Statement
from lambda_constructs.testing._iam.elements import actions, either, resources
from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.principals import (
    PrincipalElement,
    compile_principal,
)
from lambda_constructs.testing._iam.request import StatementReference
from lambda_constructs.testing._iam.values import element, load

_VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = ("Version", "Id", "Statement")
_STATEMENT = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
)
_SID = re.compile(r"[A-Za-z0-9]*")


def parse(document: object, *, name: str, role: Role = "identity") -> Policy:
    """Compile a policy document: JSON text, or what `json.loads` makes of it.

    Raises:
        PolicyError: AWS would reject it; the message says where.
    """
    try:
        return _parse(element(load(document), ""), name, role)
    except PolicyError as error:
        raise error.inside(f"policy {name}") from None


def _parse(document: Mapping[str, object], name: str, role: Role) -> Policy:
    _refuse_unknown(document, _ELEMENTS)
    version = document.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise PolicyError(f"Version must be {' or '.join(_VERSIONS)}, got {version!r}")
    listed = document.get("Statement")
    bodies = listed if isinstance(listed, list | tuple) else [listed]
    if not bodies or listed is None:
        raise PolicyError("has no Statement")
    variables = version == _VERSIONS[1]
    statements = []
    for index, body in enumerate(bodies):
        try:
            body = element(body, "")
            sid = _sid(body, role)
            reference = StatementReference(name, index, sid)
            statements.append(_statement(body, reference, role, variables=variables))
        except PolicyError as error:
            raise error.inside(f"Statement[{index}]") from None
    if role == "identity":
        _refuse_same_sid_twice(statements)
    return Policy(
        name,
        role,
        tuple(statements),
        tuple(statement for statement in statements if statement.allows),
        tuple(statement for statement in statements if not statement.allows),
    )


def _statement(
    body: Mapping[str, object],
    reference: StatementReference,
    role: Role,
    *,
    variables: bool,
) -> Statement:
    _refuse_unknown(body, _STATEMENT)
    effect = body.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect must be Allow or Deny, got {effect!r}")
    return Statement(
        reference,
        effect == "Allow",
        actions(body),
        resources(body, role, variables=variables),
        _principals(body, role),
        compile_conditions(body.get("Condition", {}), variables=variables),
    )


def _principals(body: Mapping[str, object], role: Role) -> PrincipalElement | None:
    key, inverted = either(body, "Principal")
    if role == "identity":
        if key is not None:
            raise PolicyError(f"{key} has no place in a policy of an identity")
        return None
    if key is None:
        raise PolicyError("has neither Principal nor NotPrincipal")
    if role == "trust" and inverted:
        raise PolicyError(f"{key} has no place in a role trust policy")
    try:
        return compile_principal(body[key], inverted=inverted)
    except PolicyError as error:
        raise error.inside(key) from None


def _sid(body: Mapping[str, object], role: Role) -> str | None:
    sid = body.get("Sid")
    if sid is None or (isinstance(sid, str) and role != "identity"):
        return sid
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise PolicyError(f"Sid must be letters and digits, got {sid!r}")
    return sid


def _refuse_same_sid_twice(statements: list[Statement]) -> None:
    seen: set[str] = set()
    for statement in statements:
        sid = statement.reference.sid
        if sid and sid in seen:
            raise PolicyError(f"Sid {sid} appears twice")
        seen.add(sid or "")


def _refuse_unknown(body: Mapping[str, object], known: tuple[str, ...]) -> None:
    for name in body:
        if name not in known:
            raise PolicyError(f"{name} is not an element; {', '.join(known)} are")
