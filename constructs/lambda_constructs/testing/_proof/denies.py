"""What a statement that denies keeps out: without it, something would be let in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lambda_constructs.testing._iam import Policy, Principal, Request, evaluate, parse
from lambda_constructs.testing._proof.attacks import (
    EVERYTHING,
    REPRESENTATIVES,
    Target,
)
from lambda_constructs.testing._proof.contexts import context_for
from lambda_constructs.testing._proof.deputies import concrete
from lambda_constructs.testing._proof.grants import Pair, listed, split

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Denied:
    """One action on one resource that a deployed policy denies.

    Attributes:
        path: What has the policy.
        action: The action, as written.
        resource: The resource.
        needed: Whether something would be allowed without it.
    """

    path: str
    action: str
    resource: str
    needed: bool


def denied_by_resource(target: Target, account: str) -> Iterator[Denied]:
    """Look at what the policy of a resource denies."""
    for at, statement, pair in _denies(target.document or {}):
        asked = [
            Request(
                _whom(statement, account), action, where, account, _context(statement)
            )
            for action, where in _chosen(target, pair)
        ]
        needed = _needed(asked, [target.document or {}], 0, at, pair, resource=True)
        resource = str(pair.resource).replace(target.arn, target.path)
        yield Denied(target.path, pair.action, resource, needed)


def denied_by_role(
    path: str, role_arn: str, documents: Sequence[Document], account: str
) -> Iterator[Denied]:
    """Look at what the policies of a role deny that another statement allows."""
    principal = Principal.session(role_arn, "function")
    allowed = [
        (concrete(action), concrete(resource), each)
        for document in documents
        for each in listed(document["Statement"])
        if each["Effect"] == "Allow"
        for action in listed(each.get("Action", []))
        for resource in listed(each.get("Resource", []))
    ]
    for number, document in enumerate(documents):
        for at, statement, pair in _denies(document):
            asked = []
            for action, resource, allow in allowed:
                one, where = _narrower(action, pair.action), resource
                where = _narrower(where, pair.resource)
                context = {**_context(allow), **_context(statement)}
                asked.append(Request(principal, one, where, account, context))
            needed = _needed(asked, documents, number, at, pair, resource=False)
            yield Denied(path, pair.action, pair.resource, needed)


def _denies(document: Document) -> Iterator[tuple[int, Mapping[str, Any], Pair]]:
    for at, statement in enumerate(listed(document.get("Statement", []))):
        if statement["Effect"] != "Deny":
            continue
        for action in listed(statement.get("Action", "NotAction")):
            for resource in listed(statement.get("Resource", "NotResource")):
                yield at, statement, Pair("", (), "Deny", action, resource, True)


def _needed(
    asked: Sequence[Request],
    documents: Sequence[Document],
    number: int,
    at: int,
    pair: Pair,
    *,
    resource: bool,
) -> bool:
    """Tell whether one of some requests is refused, and allowed without the pair."""
    statements = listed(documents[number]["Statement"])
    less = [*statements[:at], *split(statements[at], pair), *statements[at + 1 :]]
    changed = [*documents]
    changed[number] = {**documents[number], "Statement": less}
    return any(
        not _allowed(each, documents, resource=resource)
        and _allowed(each, changed, resource=resource)
        for each in asked
    )


def _allowed(
    request: Request, documents: Sequence[Document], *, resource: bool
) -> bool:
    if resource:
        policy = parse(documents[0], name="policy", role="resource")
        return evaluate(request, identity=[EVERYTHING], resource=policy).allowed
    identity: list[Policy] = [parse(each, name="policy") for each in documents]
    return evaluate(request, identity=identity).allowed


def _chosen(target: Target, pair: Pair) -> Iterator[tuple[str, str]]:
    """Give what an attacker would do that the pair is about."""
    if not str(pair.resource).startswith((target.arn, "*")):
        return
    found = [
        (action, target.arn + below)
        for action, below in REPRESENTATIVES[target.service]
        if fnmatchcase(action.lower(), pair.action.lower())
        and fnmatchcase(target.arn + below, pair.resource)
    ]
    yield from found or [(concrete(pair.action), concrete(pair.resource))]


def _whom(statement: Mapping[str, Any], account: str) -> Principal:
    """Give somebody whom a statement is about."""
    named = statement.get("Principal", "*")
    if isinstance(named, dict) and "Service" in named:
        return Principal.service(listed(named["Service"])[0])
    who = str(listed(named.get("AWS", "*"))[0] if isinstance(named, dict) else named)
    if ":role/" in who:
        return Principal.session(who, "attack")
    if ":root" in who:
        account = who.split(":")[4]
    return Principal.session(f"arn:aws:iam::{account}:role/administrator", "attack")


def _context(statement: Mapping[str, Any]) -> dict[str, Any]:
    return context_for(statement.get("Condition", {}))


def _narrower(text: str, pattern: str) -> str:
    """Give the text, or what the pattern says where that is more exact."""
    return text if "*" in pattern or "?" in pattern else pattern
