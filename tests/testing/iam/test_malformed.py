"""What AWS refuses is refused, in words that say where.

Most are errors of docs.aws.amazon.com/IAM/latest/UserGuide/
access-analyzer-reference-policy-checks.html; the grammar is on
reference_policies_grammar.html.
"""

import json

import pytest

from lambda_constructs.testing._iam import PolicyError, parse
from tests.testing.iam.policies import HOME, QUEUE, ROLE, allow

DOCUMENT = {"Version": "2012-10-17", "Statement": [allow()]}
TEXT = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", '


def conditions(**condition):
    return allow(Condition=condition)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        (TEXT + '"Action": "*"}}', "Action appears twice"),
        ({"Version": "2012-10-17"}, "has no Statement"),
        ({"Version": "2012-10-17", "Statement": []}, "has no Statement"),
        (DOCUMENT | {"Version": "2020-01-01"}, "Version must be"),
        (DOCUMENT | {"Statements": []}, "Statements is not an element"),
        (DOCUMENT | {"Statement": ["x"]}, r"Statement\[0\]: must be an object"),
    ],
)
def test_fails_if_the_document_is_malformed(document, fault):
    """
    JSON syntax, version, missing statement, invalid policy element.
    """
    with pytest.raises(PolicyError, match=f"policy orders: {fault}"):
        parse(document, name="orders")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ({"Action": "*", "Resource": "*"}, "Effect must be Allow or Deny, got None"),
        (allow(Effect="allow"), "Effect must be Allow or Deny, got 'allow'"),
        (allow(action="*"), "action is not an element"),
        (allow(Sid="a-b"), "Sid must be letters and digits"),
        ({"Effect": "Allow", "Resource": "*"}, "has neither Action nor NotAction"),
        (allow(NotAction="s3:*") | {"Action": "*"}, "has both Action and NotAction"),
        (allow(Action=[]), "Action: is empty"),
        (allow(Action=7), "Action: must be a string or a list of strings, got 7"),
        (allow(Action="SendMessage"), r"Action: 'SendMessage' must be \* or"),
        (allow(Action="sqs*:Send"), r"Action: 'sqs\*:Send' must be"),
        (allow(Action="sqs:${aws:username}"), "must be"),
        ({"Effect": "Allow", "Action": "*"}, "has neither Resource nor NotResource"),
        (allow(NotResource="*") | {"Resource": "*"}, "has both Resource and"),
        (allow(Resource="orders"), "Resource: 'orders' must be"),
        (allow(Resource="*orders"), "must be"),
        (allow(Resource="arn:aws:sqs:us-east-1:orders"), "must be"),
        (allow(Resource="arn:aws:SQS:us-east-1::orders"), "in lower case"),
        (allow(Resource="arn:aws:*:us-east-1::orders"), "service spelled out"),
        (allow(Resource=f"arn:aws:iam::{HOME}:u*"), "wildcard in the type"),
        (allow(Resource="arn:aws:dynamodb:*:*:*/orders"), "wildcard in the type"),
        (allow(Resource="arn:aws:sqs:${aws:x}:1:q"), "before the fifth colon"),
        (allow(Resource="arn:aws:s3:::${aws:username"), "no closing brace"),
        (allow(Resource="arn:aws:s3:::${}"), "is not a policy variable"),
        (allow(Resource="arn:aws:s3:::${username}"), "is not a policy variable"),
        (allow(Resource="arn:aws:s3:::${aws:x,'y'}"), "is not a policy variable"),
        (allow(Resource="arn:aws:s3:::${aws:x, y}"), "is not a policy variable"),
        (allow(Principal="*"), "Principal has no place in a policy of an identity"),
    ],
)
def test_fails_if_a_statement_is_malformed(statement, fault):
    """
    Missing, unknown and contradictory elements, actions and ARNs.
    """
    with pytest.raises(PolicyError, match=rf"policy p: Statement\[0\]: .*{fault}"):
        parse(DOCUMENT | {"Statement": statement}, name="p")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            conditions(StringSame={"aws:x": "1"}),
            "StringSame is not a condition operator",
        ),
        (conditions(stringequals={"aws:x": "1"}), "is not a condition operator"),
        (conditions(IfExists={"aws:x": "1"}), "is not a condition operator"),
        (conditions(**{"ForSome:StringEquals": {"aws:x": "1"}}), "is not a condition"),
        (conditions(NullIfExists={"aws:x": "true"}), "does not combine with IfExists"),
        (conditions(Null={"aws:x": "yes"}), "Null must be true or false"),
        (conditions(StringEquals={"x": "1"}), "form service:keyname"),
        (conditions(StringEquals={"aws:x": {}}), "must be a string or a list"),
        (conditions(StringEquals="x"), "must be an object"),
        (conditions(StringEquals={"aws:x": "1", "aws:X": "2"}), "are the same key"),
        (conditions(NumericEquals={"aws:x": "ten"}), "'ten' is not a number"),
        (conditions(NumericEquals={"aws:x": "NaN"}), "'NaN' is not a number"),
        (conditions(DateEquals={"aws:x": "today"}), "'today' is neither an ISO"),
        (conditions(DateEquals={"aws:x": "2026-13-01"}), "month must be in"),
        (conditions(Bool={"aws:x": "yes"}), "'yes' is neither true nor false"),
        (conditions(BinaryEquals={"aws:x": "%"}), "'%' is not base64"),
        (conditions(IpAddress={"aws:x": "10.0.0.0/40"}), "10.0.0.0/40"),
        (conditions(NumericEquals={"aws:x": "${aws:y}"}), "only String and Arn"),
        (conditions(StringEquals={"aws:x": "${aws:y"}), "no closing brace"),
    ],
)
def test_fails_if_a_condition_is_malformed(statement, fault):
    """
    Invalid operators, keys, data types, and variables for the operator.
    """
    where = r"policy p: Statement\[0\]: Condition\."
    with pytest.raises(PolicyError, match=f"{where}.*{fault}"):
        parse(DOCUMENT | {"Statement": statement}, name="p")


@pytest.mark.parametrize(
    ("principal", "fault"),
    [
        (None, "must be an object"),
        ("orders", r"must be \* or an object"),
        ({}, "names nobody"),
        ({"AWS": []}, "names nobody"),
        ({"Aws": "*"}, "Aws is not one of"),
        ({"AWS": "orders"}, "is not an account, a user, a role or a session"),
        ({"AWS": f"arn:aws:iam::{HOME}:role/*"}, "holds a wildcard"),
        ({"AWS": f"arn:aws:sts::{HOME}:assumed-role/worker/*"}, "holds a wildcard"),
        ({"AWS": QUEUE}, "is not an account"),
        ({"Service": "*"}, "holds a wildcard"),
        ({"Service": "sns"}, "is not a service"),
    ],
)
def test_fails_if_a_principal_is_malformed(principal, fault):
    """
    Invalid principal key and format, unsupported wildcard in principal.
    """
    with pytest.raises(PolicyError, match=rf"Statement\[0\]: Principal: .*{fault}"):
        parse(
            DOCUMENT | {"Statement": allow(Principal=principal)},
            name="p",
            role="resource",
        )


def test_fails_if_a_resource_policy_names_nobody():
    """
    Missing principal.
    """
    with pytest.raises(PolicyError, match="has neither Principal nor NotPrincipal"):
        parse(DOCUMENT, name="p", role="resource")


def test_fails_if_a_sid_appears_twice():
    """
    Unique Sids required, in policies of identities.
    """
    body = {"Statement": [allow(Sid="A"), allow(Sid="A")]}
    with pytest.raises(PolicyError, match="Sid A appears twice"):
        parse(DOCUMENT | body, name="p")


@pytest.mark.parametrize(
    ("elements", "fault"),
    [
        ({"Principal": "*", "Resource": "*"}, "Resource has no place"),
        ({"NotPrincipal": {"AWS": ROLE}}, "NotPrincipal has no place"),
    ],
)
def test_fails_if_a_trust_policy_has_other_elements(elements, fault):
    """
    Role trust policy syntax errors.
    """
    body = {"Effect": "Allow", "Action": "sts:AssumeRole", **elements}
    with pytest.raises(PolicyError, match=fault):
        parse(DOCUMENT | {"Statement": body}, name="p", role="trust")


@pytest.mark.parametrize(
    "statement",
    [
        allow(Action="*:*"),
        allow(Sid=""),
        allow(Resource="arn:aws:logs:*"),
        allow(Resource="arn:aws:logs:*:*:*"),
        allow(Resource="arn:aws:dynamodb:us-east-1:111122223333:*"),
        allow(Condition={}),
        conditions(StringEquals={"aws:x": []}),
        conditions(StringEquals={"token.actions.githubusercontent.com:sub": "x"}),
    ],
)
def test_accepts_what_aws_accepts(statement):
    """
    Unusual, and valid.
    """
    text = json.dumps(DOCUMENT | {"Id": "x", "Statement": statement})

    assert 1 == len(parse(text, name="p").statements)
