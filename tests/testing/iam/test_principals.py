"""Whom a statement of a resource's policy is for.

Pages are below docs.aws.amazon.com/IAM/latest/UserGuide/.
"""

import pytest

from lambda_constructs.testing._iam import Principal
from tests.testing.iam.policies import (
    HOME,
    OTHER,
    ROLE,
    SESSION,
    USER,
    WORKER,
    allow,
    decide,
    deny,
    of_resource,
    policy,
    request,
)

ALL = policy(allow())


def denies(element: str, names: object, **policies: object) -> bool:
    """Tell whether a deny for these principals stops the worker."""
    resource = of_resource(deny(**{element: names}))
    return not decide(identity=ALL, resource=resource, **policies).allowed


@pytest.mark.parametrize(
    "names",
    ["*", {"AWS": "*"}, {"AWS": HOME}, {"AWS": ROLE}, {"AWS": [OTHER, SESSION]}],
)
def test_a_deny_reaches_the_session_by_every_name(names):
    """
    A session is its account's, its role's and itself
    (reference_policies_elements_principal.html).
    """
    assert denies("Principal", names)


@pytest.mark.parametrize(
    "names",
    [
        {"AWS": OTHER},
        {"AWS": USER},
        {
            "AWS": ROLE.upper()
            .replace("ARN:AWS:IAM", "arn:aws:iam")
            .replace("ROLE", "role")
        },
        {"AWS": f"{SESSION}2"},
        {"Service": "sns.amazonaws.com"},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8"},
    ],
)
def test_a_deny_for_others_does_not(names):
    """
    Names are compared with case (reference_policies_elements_principal.html).
    """
    assert not denies("Principal", names)


def test_everyone_includes_services():
    """
    `*` is all principals (reference_policies_elements_principal.html).
    """
    asked = request(principal=Principal.service("sns.amazonaws.com"))

    assert decide(asked, resource=of_resource(allow(Principal="*"))).allowed


def test_a_role_keeps_its_path():
    """
    A session ARN lacks the path that the role ARN has (reference_identifiers.html);
    a policy names the role with it.
    """
    role = f"arn:aws:iam::{HOME}:role/service/worker"
    session = Principal.session(role, "orders")

    assert SESSION == session.arn
    with_path = of_resource(allow(Principal={"AWS": role}))
    without = of_resource(allow(Principal={"AWS": ROLE}))
    assert decide(request(principal=session), resource=with_path).allowed
    assert not decide(request(principal=session), resource=without).allowed


@pytest.mark.parametrize("names", [{"AWS": HOME}, {"AWS": ROLE}, {"AWS": SESSION}])
def test_a_deny_with_not_principal_spares_whom_it_names(names):
    """
    reference_policies_elements_notprincipal.html.
    """
    assert not denies("NotPrincipal", names)
    assert denies("NotPrincipal", {"AWS": OTHER})


def test_a_deny_with_not_principal_spares_nobody_with_a_boundary():
    """
    NotPrincipal with Deny always denies a principal that has a permissions boundary
    (reference_policies_elements_notprincipal.html).
    """
    assert denies("NotPrincipal", {"AWS": [HOME, ROLE, SESSION]}, boundary=ALL)


def test_an_allow_with_not_principal_is_for_all_others():
    """
    reference_policies_elements_notprincipal.html.
    """
    assert decide(resource=of_resource(allow(NotPrincipal={"AWS": OTHER}))).allowed
    assert not decide(resource=of_resource(allow(NotPrincipal={"AWS": ROLE}))).allowed


def test_an_allow_with_not_principal_is_given_to_the_session_itself():
    """
    It names no role whose boundary could limit it.
    """
    given = of_resource(allow(NotPrincipal={"AWS": OTHER}))
    nothing = policy(allow(Action="s3:GetObject"))

    assert decide(resource=given, boundary=nothing).allowed


def test_a_federated_principal_is_its_provider():
    """
    reference_policies_elements_principal.html, "web identity session principals".
    """
    provider = "cognito-identity.amazonaws.com"
    body = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
    }
    asked = request(
        "sts:AssumeRoleWithWebIdentity", ROLE, principal=Principal.federated(provider)
    )

    assert decide(asked, resource=policy(body, role="trust")).allowed


def test_a_principal_brings_its_condition_keys():
    """
    reference_policies_condition-keys.html: PrincipalArn is the role's, not the
    session's.
    """
    session = Principal.session(ROLE, "s", role_id="AROA1", tags={"Team": "blue"})

    assert {
        "aws:principalarn": ROLE,
        "aws:principalaccount": HOME,
        "aws:principaltype": "AssumedRole",
        "aws:principalisawsservice": "false",
        "aws:principaltag/team": "blue",
        "aws:userid": "AROA1:s",
    } == session.keys
    assert "alice" == Principal.user(USER).keys["aws:username"]
    assert "aws:username" not in WORKER.keys
