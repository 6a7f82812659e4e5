"""A permissions boundary reaches every role that the library makes."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam

from lambda_constructs import ConfigurationError, FunctionDefaults
from tests.synthesized import STEMS, stack_class
from tests.unit.conftest import make_function, resources

BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"


def boundary(scope: Stack) -> iam.IManagedPolicy:
    return iam.ManagedPolicy.from_managed_policy_arn(scope, "Boundary", BOUNDARY)


def roles(app: App) -> dict[str, str | None]:
    """The boundary of each role in each template, by where it is."""
    found = {}
    for path in Path(app.synth().directory).glob("*.template.json"):
        template = json.loads(path.read_text())  # that of the holder has no resources
        for name, resource in template.get("Resources", {}).items():
            if resource["Type"] == "AWS::IAM::Role":
                where = f"{path.stem}/{name}"
                found[where] = resource["Properties"].get("PermissionsBoundary")
    return found


@pytest.mark.slow
def test_every_role_of_every_reference_stack_has_it():
    """
    Roles of functions at the edge, of schedules, rules, deliveries and jobs as well.
    """
    app = App(context=json.loads(Path("cdk.json").read_text())["context"])
    holder = Stack(app, "Holder")
    FunctionDefaults(permissions_boundary=boundary(holder)).apply_to(app)
    for stem in STEMS:
        importlib.import_module(f"stacks.{stem}")
        made = stack_class(stem)
        made(app, made.__name__.removesuffix("Stack"))

    found = roles(app)

    assert len(found) > len(STEMS)
    assert {BOUNDARY} == set(found.values())


def test_cdk_s_own_way_does_the_same(stack, worker):
    """
    `PermissionsBoundary` of a scope.
    """
    iam.PermissionsBoundary.of(stack).apply(boundary(stack))

    (role,) = resources(stack, "AWS::IAM::Role").values()
    assert BOUNDARY == role["Properties"]["PermissionsBoundary"]


def test_the_nearest_one_holds(stack):
    """
    As with all defaults.
    """
    other = iam.ManagedPolicy.from_managed_policy_arn(stack, "Other", f"{BOUNDARY}/x")
    FunctionDefaults(permissions_boundary=boundary(stack)).apply_to(stack)
    worker = make_function(stack)
    FunctionDefaults(permissions_boundary=other).apply_to(worker)

    (role,) = resources(stack, "AWS::IAM::Role").values()
    assert f"{BOUNDARY}/x" == role["Properties"]["PermissionsBoundary"]


def test_fails_if_a_boundary_is_no_policy():
    """
    Its ARN alone is not what CDK takes.
    """
    with pytest.raises(ConfigurationError, match="permissions_boundary must be a Mana"):
        FunctionDefaults(permissions_boundary=BOUNDARY)
