"""The values of a template resolve as CloudFormation resolves them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError
from lambda_constructs.testing._template import Resolver, dependencies

TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String", "Default": "test"}, "Size": {}},
    "Mappings": {"Regions": {"eu-west-1": {"Short": "euw1"}}},
    "Conditions": {
        "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
        "IsProd": {"Fn::Not": [{"Condition": "IsTest"}]},
        "IsFive": {"Fn::Equals": [{"Ref": "Size"}, 5]},
        "Both": {"Fn::And": [{"Condition": "IsTest"}, {"Condition": "IsProd"}]},
        "Either": {"Fn::Or": [{"Condition": "IsTest"}, {"Condition": "IsProd"}]},
    },
    "Resources": {"Queue": {}, "Later": {}},
}


@pytest.fixture
def resolver() -> Resolver:
    resolver = Resolver(
        TEMPLATE,
        {"AWS::Region": "eu-west-1", "AWS::Partition": "aws"},
        {"Size": "5"},
        {"Shop:Arn": "arn:of:export"},
    )
    resolver.references["Queue"] = "https://queue"
    resolver.attributes["Queue"] = {
        "Arn": "arn:aws:sqs:eu-west-1:1:q",
        "Endpoint.Port": "443",
    }
    return resolver


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ({"Ref": "Queue"}, "https://queue"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "Size"}, "5"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-west-1:1:q"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:aws:sqs:eu-west-1:1:q"),
        ({"Fn::GetAtt": "Queue.Endpoint.Port"}, "443"),
        ({"Fn::Join": [":", ["a", {"Ref": "Stage"}]]}, "a:test"),
        ({"Fn::Split": [":", {"Fn::GetAtt": ["Queue", "Arn"]}]}, [
            "arn", "aws", "sqs", "eu-west-1", "1", "q",
        ]),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Select": [5, {"Fn::Split": [":", "a:b:c:d:e:f"]}]}, "f"),
        ({"Fn::Sub": "${Stage}-${Queue.Arn}-${!Kept}"}, (
            "test-arn:aws:sqs:eu-west-1:1:q-${Kept}"
        )),
        ({"Fn::Sub": ["${Name}", {"Name": {"Ref": "Stage"}}]}, "test"),
        ({"Fn::If": ["IsTest", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsProd", "yes", "no"]}, "no"),
        ({"Fn::If": ["IsFive", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}}, {}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"Fn::ImportValue": "Shop:Arn"}, "arn:of:export"),
        ({"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Short"]}, "euw1"),
        ({"Fn::Base64": "abc"}, "YWJj"),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
    ],
)  # fmt: skip
def test_intrinsic_functions_give_what_cloudformation_gives(resolver, value, expected):
    """
    Each of them, nested as templates nest them.
    """
    assert expected == resolver.resolve(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Ref": "Queu"}, "Queu is not in the template; did you mean Queue?"),
        ({"Ref": "Later"}, "Later was not created"),
        (
            {"Fn::GetAtt": ["Queue", "Anr"]},
            "Queue has no attribute 'Anr' in the test kit; did you mean Arn?",
        ),
        ({"Fn::ImportValue": "Shop:Anr"}, "no deployed stack exports 'Shop:Anr'"),
        ({"Fn::If": ["IsTst", 1, 2]}, "condition 'IsTst' is not in the template"),
        ({"Fn::Select": [3, ["a"]]}, "Fn::Select has no item 3 in \\['a'\\]"),
        ({"Fn::FindInMap": ["Regions", "x", "Short"]}, "has no Regions/x/Short"),
        ({"Fn::Cidr": ["10.0.0.0/16", 1]}, "Fn::Cidr is not known"),
    ],
)
def test_fails_if_a_reference_leads_nowhere(resolver, value, message):
    """
    With the nearest names.
    """
    with pytest.raises(AccountError, match=message):
        resolver.resolve(value)


def test_what_a_resource_names_is_created_before_it():
    """
    By any of the ways to name it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    """
    assert {"A", "B", "C", "D", "E", "AWS::Region"} == dependencies(
        {
            "DependsOn": ["A"],
            "Properties": {
                "x": {"Ref": "B"},
                "y": [{"Fn::GetAtt": ["C", "Arn"]}],
                "z": {"Fn::Sub": "${D}-${E.Arn}-${AWS::Region}"},
            },
        }
    )
