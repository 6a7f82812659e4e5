"""What AWS documents and the oracle does otherwise: `oracle_gaps.py` says where.

Pages are below docs.aws.amazon.com/IAM/latest/UserGuide/.
"""

from lambda_constructs.testing._iam import parse
from tests.testing.iam.policies import (
    HOME,
    SESSION,
    allow,
    allows,
    decide,
    holds,
    of_resource,
    policy,
    request,
)

TAG = "aws:PrincipalTag/team"


def test_special_characters_stand_where_there_are_no_wildcards():
    """
    "Can be used in any string where you can use regular policy variables"
    (reference_policies_variables.html).
    """
    assert holds({"StringEquals": {TAG: "${*}"}}, **{TAG: "*"})


def test_inverted_operators_match_a_variable_without_value():
    """
    "Inverted condition operators like StringNotEquals do match against a null value"
    (reference_policies_variables.html).
    """
    condition = {"StringNotEquals": {TAG: "${aws:PrincipalTag/none}"}}

    assert holds(condition, **{TAG: "blue"})
    assert not holds(
        {"StringNotEquals": {TAG: ["${aws:PrincipalTag/none}", "blue"]}},
        **{TAG: "blue"},
    )


def test_not_resource_leaves_nothing_out_for_a_variable_without_value():
    """
    Such a resource "will not match any resource"
    (reference_policies_variables.html).
    """
    asked = request("s3:GetObject", "arn:aws:s3:::a/b")
    body = allow(NotResource="arn:aws:s3:::a/${aws:PrincipalTag/none}")

    assert allows(body, asked)


def test_variables_are_text_in_an_old_version():
    """
    reference_policies_variables.html: they need Version 2012-10-17.
    """
    body = allow(Condition={"StringEquals": {TAG: "${aws:username}"}})
    asked = request(context={TAG: "${aws:username}"})

    for document in ({"Version": "2008-10-17"}, {}):
        old = parse({**document, "Statement": body}, name="old")
        assert decide(asked, identity=old).allowed


def test_tags_may_start_a_resource():
    """
    The example of reference_policies_variables.html, "specifying default values".
    """
    arn = f"arn:aws:sqs:us-east-1:{HOME}:"
    body = allow(Resource=arn + "${aws:PrincipalTag/team, 'orders'}")

    assert allows(body, request(resource=arn + "orders"))
    assert allows(body, request(resource=arn + "blue", context={TAG: "blue"}))


def test_a_star_at_the_end_of_a_field_goes_beyond_it():
    """
    "It can expand to match beyond the colon boundaries"
    (reference_policies_elements_resource.html).
    """
    asked = request(
        "lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{HOME}:function:worker"
    )

    assert allows(allow(Resource="arn:aws:lambda:*:function:worker"), asked)
    assert allows(allow(Resource="arn:aws:lambda:us-*:function:worker"), asked)


def test_if_exists_is_true_without_the_key_also_for_any_value():
    """
    "If the key is not present, evaluate the condition element as true"
    (reference_policies_elements_condition_operators.html).
    """
    assert holds({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}})


def test_not_ip_address_is_for_the_other_family_too():
    """
    "All IP addresses except the specified IP address or range"
    (reference_policies_elements_condition_operators.html).
    """
    condition = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

    assert holds(condition, **{"aws:SourceIp": "2001:db8::1"})


def test_inverted_arn_operators_hold_where_the_value_is_no_whole_arn():
    """
    They negate (reference_policies_elements_condition_operators.html).
    """
    source = {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:orders"}

    assert holds({"ArnNotLike": {"aws:SourceArn": "arn:aws:*:orders"}}, **source)


def test_a_session_policy_does_not_limit_what_is_given_to_the_session():
    """
    reference_policies_evaluation-logic.html, "IAM role session".
    """
    given = of_resource(allow(Principal={"AWS": SESSION}))
    nothing = policy(allow(Action="s3:GetObject"))

    assert decide(resource=given, session=nothing).allowed


def test_dates_may_be_seconds():
    """
    "Or in epoch (UNIX) time"
    (reference_policies_elements_condition_operators.html).
    """
    now = {"aws:CurrentTime": "2026-01-01T00:00:00Z"}

    assert holds({"DateEquals": {"aws:CurrentTime": "1767225600"}}, **now)
