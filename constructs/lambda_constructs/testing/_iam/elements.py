"""The `Action` and `Resource` elements, and their `Not` forms."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambda_constructs.testing._iam.documents import Actions, Resources, Role
from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.patterns import (
    Template,
    expression,
    has_wildcards,
    plain,
    template,
)
from lambda_constructs.testing._iam.values import strings

_ACTION = re.compile(r"\*|(\*|[A-Za-z0-9-]+):[A-Za-z0-9*?]+")
_ARN = re.compile(r"arn:[^:]*:[a-z0-9-]+:([^:]*:[^:]*:.*|.*\*)", re.DOTALL)
_FIELDS_BEFORE_RESOURCE = 5
_TYPED = frozenset(
    {
        *("dynamodb", "events", "iam", "kinesis", "kms", "lambda"),
        *("secretsmanager", "states"),
    }
)
"""Services whose every resource has a type, as in `table/orders`."""


def either(body: Mapping[str, object], name: str) -> tuple[str | None, bool]:
    """Find the element or its `Not` form: its name, and whether it is inverted.

    Raises:
        PolicyError: The statement has both.
    """
    found = [key for key in (name, f"Not{name}") if key in body]
    if len(found) > 1:
        raise PolicyError(f"has both {name} and Not{name}")
    return (found[0], found[0] != name) if found else (None, False)


def _texts(body: Mapping[str, object], key: str) -> tuple[str, ...]:
    try:
        texts = strings(body[key])
    except PolicyError as error:
        raise error.inside(key) from None
    if not texts:
        raise PolicyError("is empty", where=key)
    return texts


def actions(body: Mapping[str, object]) -> Actions:
    """Compile the `Action` or `NotAction` of a statement.

    Raises:
        PolicyError: AWS would reject it.
    """
    key, inverted = either(body, "Action")
    if key is None:
        raise PolicyError("has neither Action nor NotAction")
    texts = _texts(body, key)
    for text in texts:
        if not _ACTION.fullmatch(text):
            raise PolicyError(f"{text!r} must be * or service:Action", where=key)
    union = "|".join(expression((text.lower(),), "glob") for text in texts)
    return Actions(texts, re.compile(union), inverted)


def resources(
    body: Mapping[str, object], role: Role, *, variables: bool
) -> Resources | None:
    """Compile the `Resource` or `NotResource`; a role trust policy has none.

    Raises:
        PolicyError: AWS would reject it.
    """
    key, inverted = either(body, "Resource")
    if role == "trust":
        if key is not None:
            raise PolicyError(f"{key} has no place in a role trust policy")
        return None
    if key is None:
        raise PolicyError("has neither Resource nor NotResource")
    texts = _texts(body, key)
    try:
        templates = [_resource(text, variables=variables) for text in texts]
    except PolicyError as error:
        raise error.inside(key) from None
    fixed = [one.parts for one in templates if one.fixed]
    wild = [expression(parts, "resource") for parts in fixed if has_wildcards(parts)]
    return Resources(
        texts,
        tuple(templates),
        frozenset(plain(parts) for parts in fixed if not has_wildcards(parts)),
        re.compile("|".join(wild), re.DOTALL) if wild else None,
        tuple(one for one in templates if not one.fixed),
        inverted,
    )


def _resource(text: str, *, variables: bool) -> Template:
    """Compile one ARN of a `Resource`."""
    if text != "*" and not _ARN.fullmatch(text):
        raise PolicyError(
            f"{text!r} must be * or an ARN: arn:partition:service:region:account:"
            "resource, with the service spelled out in lower case"
        )
    _refuse_wildcard_in_type(text)
    if variables and "${" in text:
        before = ":".join(text.split(":", _FIELDS_BEFORE_RESOURCE)[:-1])
        if "${" in before or text.count(":") < _FIELDS_BEFORE_RESOURCE:
            raise PolicyError(
                f"{text!r} holds a policy variable before the fifth colon"
            )
    return template(text, variables=variables)


def _refuse_wildcard_in_type(text: str) -> None:
    """Refuse what AWS does not allow, though a lone `*` may stand for the resource.

    docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html#arns-paths-wildcards
    """
    fields = text.split(":", _FIELDS_BEFORE_RESOURCE)
    if len(fields) <= _FIELDS_BEFORE_RESOURCE or fields[-1] == "*":
        return
    kind = re.split("[/:]", fields[-1])[0]
    if fields[2] in _TYPED and re.search(r"[*?]", kind.replace("${*}", "")):
        raise PolicyError(f"{text!r} has a wildcard in the type of the resource")
