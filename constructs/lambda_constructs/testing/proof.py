"""The mutation gate: what a stack's policies say is needed, and lets nobody else in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._deploy import templates_of
from lambda_constructs.testing._iam import parse
from lambda_constructs.testing._proof.attacks import (
    attempts_on,
    attempts_on_role,
    rightful,
)
from lambda_constructs.testing._proof.denies import (
    denied_by_resource,
    denied_by_role,
)
from lambda_constructs.testing._proof.grants import (
    ROLE,
    Pair,
    pairs_of,
    path_of,
    readable,
    with_own_policies,
    without,
)
from lambda_constructs.testing._proof.report import Attack, Grant, PermissionReport
from lambda_constructs.testing._proof.targets import targets_of
from lambda_constructs.testing._proof.trial import Proving, Trial, trial_of

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk.cx_api import CloudAssembly

    from lambda_constructs.testing._proof.trial import Contract
    from lambda_constructs.testing.stack import DeployedStack

__all__ = ["Attack", "Grant", "PermissionReport", "prove"]


@dataclass(frozen=True)
class _Whole:
    """What is seen of the stacks with all their grants."""

    trial: Trial
    loose: list[list[Pair]]
    repeated: list[list[Pair]]
    denies: list[Grant]
    attacks: list[Attack]
    unmodelled: dict[str, str]


def prove(
    what: type[Stack] | Stack | CloudAssembly | Mapping[str, Any] | str | Path,
    contract: Contract,
    parameters: Mapping[str, str] | None = None,
    *,
    seed: int = 0,
    region: str = "eu-west-1",
) -> PermissionReport:
    """Prove the policies of *what*; see `LocalAccount.prove_permissions`."""
    with tempfile.TemporaryDirectory(prefix="lambda-constructs-") as scratch:
        sources = [
            (name, with_own_policies(template), folder)
            for name, template, folder in templates_of(what, Path(scratch), region)
        ]
        proving = Proving(sources, contract, parameters or {}, seed, region)
        whole = _whole(proving)
        grants = []
        for at, (_, template, _folder) in enumerate(sources):
            for pair in pairs_of(template):
                if pair.effect == "Deny":
                    continue
                if pair in whole.repeated[at]:
                    grants.append(_repeated_grant(template, pair))
                    continue
                trial = proving.try_without(
                    at, without(template, pair), whole.trial.refused
                )
                loose = pair in whole.loose[at]
                grants.append(_judge(template, pair, whole.trial, trial, loose=loose))
    return PermissionReport(
        sources[-1][0],
        (*grants, *whole.denies),
        tuple(whole.attacks),
        whole.unmodelled,
    )


def _whole(proving: Proving) -> _Whole:
    """Run the contract with everything granted; it has to hold."""
    with proving.account() as account:
        stacks = proving.deploy(account, -1, {})
        proving.contract(stacks[-1])
        return _Whole(
            trial_of(account),
            [list(_loose(stack)) for stack in stacks],
            [list(_repeated(stack)) for stack in stacks],
            [each for stack in stacks for each in _denies(stack)],
            [each for stack in stacks for each in _attacks(stack)],
            dict(account.unmodelled),
        )


def _judge(
    template: Mapping[str, Any], pair: Pair, whole: Trial, trial: Trial, *, loose: bool
) -> Grant:
    policy = path_of(template, pair.logical_id)
    resource = readable(template, pair.resource)
    refused = sorted(trial.refused - whole.refused)
    if loose:
        why = "a wildcard, though calls name a resource; name it"
        return Grant(policy, pair.action, resource, "loose", why)
    if trial.failure or refused:
        why = trial.failure or f"refused {refused[0]}"
        return Grant(policy, pair.action, resource, "necessary", why)
    if trial.denied - whole.denied:
        why = "a handler was denied it and the contract held; assert what it is for"
        return Grant(policy, pair.action, resource, "unnoticed", why)
    why = "nothing failed without it; take it out, or let the contract need it"
    return Grant(policy, pair.action, resource, "superfluous", why)


def _loose(stack: DeployedStack) -> Iterator[Pair]:
    """Give the pairs that are wildcards where calls name an action or a resource."""
    resolver, calls = stack.resolver, stack.account.authority.calls()
    if resolver is None:
        return
    for pair in pairs_of(stack.template):
        if pair.effect == "Deny" or not pair.keys or _delegates(stack, pair):
            continue
        resource = str(resolver.resolve(pair.resource))
        bare = not resource.split(":", 5)[-1].strip("*?/")
        named = any(resource == each for _, each in calls)
        wild = "*" in pair.action or pair.action == "NotAction"
        if wild or resource == "NotResource" or (bare and pair.identity and not named):
            yield pair


def _repeated(stack: DeployedStack) -> Iterator[Pair]:
    """Give the pairs by which a key leaves to the account what another leaves to it."""
    delegating = [
        pair
        for pair in pairs_of(stack.template)
        if pair.effect == "Allow" and pair.keys and _delegates(stack, pair)
    ]
    whole = {
        pair.logical_id: pair
        for pair in delegating
        if pair.action == "kms:*" and "Condition" not in pair.statement(stack.template)
    }
    for pair in delegating:
        if whole.get(pair.logical_id, pair) != pair:
            yield pair


def _repeated_grant(template: Mapping[str, Any], pair: Pair) -> Grant:
    policy, resource = (
        path_of(template, pair.logical_id),
        readable(template, pair.resource),
    )
    why = "the account may already, by kms:*; CDK writes it for secrets"
    return Grant(policy, pair.action, resource, "repeated", why)


def _delegates(stack: DeployedStack, pair: Pair) -> bool:
    """Tell whether a key leaves it to the account's own policies, as keys have to.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    if stack.template["Resources"][pair.logical_id]["Type"] != "AWS::KMS::Key":
        return False
    principal = pair.statement(stack.template).get("Principal", {})
    named = stack.resolver.resolve(principal) if stack.resolver else {}
    return bool(named == {"AWS": f"arn:aws:iam::{stack.account.id}:root"})


def _denies(stack: DeployedStack) -> Iterator[Grant]:
    account = stack.account
    found = [
        each
        for target in targets_of(stack)
        for each in denied_by_resource(target, account.id)
    ]
    for logical_id, name in stack.of_type(ROLE).items():
        arn = account.client("iam").get_role(RoleName=name)["Role"]["Arn"]
        documents = list(account.authority.policies.of_role(arn).documents.values())
        path = path_of(stack.template, logical_id)
        found += denied_by_role(path, arn, documents, account.id)
    for each in found:
        action = f"not {each.action}"
        if each.needed:
            why = "without it an attack gets in"
            yield Grant(each.path, action, each.resource, "necessary", why)
        else:
            why = "nothing would get in without it; take it out"
            yield Grant(each.path, action, each.resource, "superfluous", why)


def _attacks(stack: DeployedStack) -> Iterator[Attack]:
    id = stack.account.id
    for target in targets_of(stack):
        for each in attempts_on(target, id):
            got_in = each.succeeds(target.policy, id)
            yield Attack(target.path, each.name, each.action, got_in)
        for each in rightful(target):
            kept_out = not each.succeeds(target.policy, id)
            yield Attack(target.path, each.name, each.action, kept_out)
    for logical_id, name in stack.of_type(ROLE).items():
        role = stack.account.client("iam").get_role(RoleName=name)["Role"]
        document = role["AssumeRolePolicyDocument"]
        trust = parse(document, name=f"trust of {name}", role="trust")
        path = path_of(stack.template, logical_id)
        for each in attempts_on_role(role["Arn"], document, id):
            got_in = each.succeeds(trust, id)
            yield Attack(path, each.name, each.action, got_in)
