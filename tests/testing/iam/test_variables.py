"""Policy variables.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import pytest

from lambda_constructs.testing._iam import Principal
from tests.testing.iam.policies import (
    USER,
    allow,
    allows,
    decide,
    holds,
    policy,
    request,
)

TAG = "aws:PrincipalTag/team"
OTHER_TAG = "aws:PrincipalTag/cost"


def gets(key, resource, **context):
    """Tell whether a user may get an object of this key."""
    alice = Principal.user(USER)
    asked = request(
        "s3:GetObject", f"arn:aws:s3:::{key}", principal=alice, context=context
    )
    return allows(allow(Resource=f"arn:aws:s3:::{resource}"), asked)


def test_take_their_value_from_the_request():
    """
    "Resource element".
    """
    assert gets("home/alice/x", "home/${aws:username}/*")
    assert not gets("home/bob/x", "home/${aws:username}/*")


def test_are_tags_too():
    """
    "Tags as policy variables"; key names have no case.
    """
    assert gets("bucket/blue", "bucket/${aws:principaltag/TEAM}", **{TAG: "blue"})


def test_wildcards_of_a_value_are_characters():
    """
    A value is text: it cannot widen what the policy says.
    """
    assert not gets("home/x", "home/${aws:PrincipalTag/team}", **{TAG: "*"})
    assert gets("home/*", "home/${aws:PrincipalTag/team}", **{TAG: "*"})


def test_without_value_match_no_resource():
    """
    "Policy variables with no value".
    """
    assert not gets("home/", "home/${aws:PrincipalTag/team}")
    assert not gets("home/x", "home/*${aws:PrincipalTag/team}")


def test_have_defaults():
    """
    "Specifying default values".
    """
    bucket = "bucket-${aws:PrincipalTag/team, 'company-wide'}"

    assert gets("bucket-company-wide", bucket)
    assert gets("bucket-yellow", bucket, **{TAG: "yellow"})
    assert not gets("bucket-company-wide", bucket, **{TAG: "yellow"})


@pytest.mark.parametrize("char", ["*", "?", "$"])
def test_stand_for_special_characters(char):
    """
    "Special characters".
    """
    assert gets(f"a{char}b", "a${" + char + "}b")
    assert not gets("axb", "a${" + char + "}b")


def test_a_dollar_may_be_written_before_a_brace():
    """
    "Special characters": `${$}{x}` is the text `${x}`.
    """
    assert gets("a${aws:username}", "a${$}{aws:username}")


@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringLike", "StringEqualsIgnoreCase"]
)
def test_stand_in_conditions(operator):
    """
    "Condition element": with string operators.
    """
    condition = {operator: {TAG: "${aws:PrincipalTag/cost}"}}

    assert holds(condition, **{TAG: "1", OTHER_TAG: "1"})
    assert not holds(condition, **{TAG: "1", OTHER_TAG: "2"})
    assert not holds(condition, **{TAG: "1"})


def test_stand_in_conditions_on_arns():
    """
    "Condition element": with ARN operators.
    """
    condition = {
        "ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:${aws:PrincipalTag/team}"}
    }
    arn = {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:blue"}

    assert holds(condition, **arn, **{TAG: "blue"})
    assert not holds(condition, **arn, **{TAG: "*"})


def test_are_single_valued():
    """
    A multivalued key is no value for a variable.
    """
    condition = {"StringEquals": {TAG: "${aws:TagKeys}"}}

    assert not holds(condition, **{TAG: "a", "aws:TagKeys": ["a"]})


def test_are_text_without_the_current_version():
    """
    They need Version 2012-10-17; else they are literal strings.
    """
    old = policy(
        allow(Resource="arn:aws:s3:::home/${aws:username}"), version="2008-10-17"
    )
    alice = Principal.user(USER)

    for key, expected in (("alice", False), ("${aws:username}", True)):
        asked = request("s3:GetObject", f"arn:aws:s3:::home/{key}", principal=alice)
        assert expected is decide(asked, identity=old).allowed
