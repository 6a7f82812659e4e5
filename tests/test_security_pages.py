"""The pages on encryption and VPCs are true: their code runs, their lists are all."""

from __future__ import annotations

import re

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Template

import lambda_constructs
from lambda_constructs._endpoints import GATEWAYS, INTERFACES
from lambda_constructs._prefix_lists import PREFIX_LISTS
from tests.synthesized import ROOT
from tests.unit.conftest import CODE, make_function

PAGES = ["encryption", "vpc"]


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_its_code_runs(name):
    """
    In the order of the page, in one stack.
    """
    shop = Stack(App(), "Shop")
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    given = {
        **{
            each: getattr(lambda_constructs, each) for each in lambda_constructs.__all__
        },
        "code": CODE,
        "ec2": ec2,
        "kms": kms,
        "secretsmanager": secretsmanager,
        "shop": shop,
        "ssm": ssm,
        "table": dynamodb.TableV2(shop, "Table", partition_key=key),
        "timeout": Duration.seconds(10),
        "worker": make_function(shop),
    }

    for block in re.findall(r"```python\n(.*?)```", page(name), re.DOTALL):
        exec(block, given)  # noqa: S102

    assert Template.from_stack(shop).find_resources("AWS::Lambda::Function")


def test_the_page_names_as_many_services_as_have_endpoints():
    """
    None that is added is forgotten.
    """
    free, paid = re.findall(
        r"^\| (\w[^|]*) \| (?:gateway|interface): ", page("vpc"), re.M
    )

    assert len(GATEWAYS) == len(free.split(", "))
    assert len(INTERFACES) == len(paid.split(", "))
    assert "sixteen Regions" in page("vpc")
    assert 16 == len(PREFIX_LISTS)
