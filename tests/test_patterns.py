"""What is measured beside this library is the same, and what the library deploys."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks import patterns, workers
from benchmarks.templates import depth, types

pytestmark = pytest.mark.xdist_group("patterns")

NAMES = sorted(patterns.of("ours"))
DIFFER = {
    "AWS::ApiGateway::Stage",  # CDK writes out a default
    "AWS::CodeCommit::Repository",  # names of triggers
    "AWS::ElasticLoadBalancingV2::TargetGroup",  # ours has a name
    "AWS::Events::Rule",  # names of targets
    "AWS::Lambda::Permission",  # CDK's own allow more, or less
    "AWS::SES::ReceiptRule",  # ours has a name
    "AWS::SQS::QueuePolicy",  # names of statements
}
"""What CDK's own constructs write a little differently."""


@pytest.fixture(scope="module")
def ours() -> dict[str, dict]:
    return {**patterns.synthesize("ours"), "workers": workers.synthesize("ours", 1)}


@pytest.fixture(scope="module")
def same() -> dict[str, dict]:
    return {**patterns.synthesize("same"), "workers": workers.synthesize("same", 1)}


def test_each_way_has_the_same_patterns():
    """
    A mix is of as many functions, whoever makes it.
    """
    assert list(patterns.of("ours")) == list(patterns.of("same"))
    assert list(patterns.of("ours")) == list(patterns.of("plain"))


@pytest.mark.parametrize("name", [*NAMES, "workers"])
def test_the_peer_with_the_same_resources_has_them(ours, same, name):
    """
    Whoever deploys less has less to synthesize.
    """
    assert types(ours[name]) == types(same[name])


@pytest.mark.parametrize("name", [*NAMES, "workers"])
def test_the_peer_with_the_same_resources_has_their_properties(ours, same, name):
    """
    All but a few, by value, whatever the resources they name are called.
    """
    differ = contents(ours[name]) - contents(same[name])

    assert {type for type, _ in differ} <= DIFFER


def contents(template: dict) -> Counter[tuple[str, str]]:
    """The properties of each resource, in which names of others are their types."""
    resources = template["Resources"]

    def plain(value):
        if isinstance(value, list):
            return [plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Ref"} and value["Ref"] in resources:
            return resources[value["Ref"]]["Type"]
        if value.keys() == {"Fn::GetAtt"}:
            name, attribute = value["Fn::GetAtt"]
            return f"{resources[name]['Type']}.{attribute}"
        return {key: plain(each) for key, each in value.items()}

    return Counter(
        (each["Type"], json.dumps(plain(each.get("Properties", {})), sort_keys=True))
        for each in resources.values()
    )


@pytest.mark.parametrize("name", ["EventBridge", "S3"])
def test_five_resources_wait_for_one_another_where_a_rule_invokes(ours, same, name):
    """
    Role, function, version, alias, rule and permission. A rule that did not name the
    alias itself would be four deep, but change beside the code: what it matches or
    sends from now on would come to the old version, all through a release.
    """
    assert (5, 5) == (depth(ours[name]), depth(same[name]))
