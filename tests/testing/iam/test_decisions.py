"""Which policies have to allow, and which may deny.

Pages are below docs.aws.amazon.com/IAM/latest/UserGuide/ unless they say otherwise.
"""

import pytest

from lambda_constructs.testing._iam import Principal, StatementReference
from tests.testing.iam.policies import (
    HOME,
    KEY,
    OTHER,
    QUEUE,
    QUEUE_ELSEWHERE,
    ROLE,
    SEND,
    SESSION,
    USER,
    allow,
    decide,
    deny,
    of_resource,
    policy,
    request,
    trust,
)

ALL = policy(allow())
NOTHING = policy(allow(Action="s3:GetObject"))
ELSEWHERE = request(resource=QUEUE_ELSEWHERE, account=OTHER)
DECRYPT = request("kms:Decrypt", KEY)
SNS = Principal.service("sns.amazonaws.com")


class TestOneAccount:
    def test_denies_without_any_policy(self):
        """
        Requests are denied by default (reference_policies_evaluation-logic.html).
        """
        decision = decide()

        assert not decision.allowed
        assert "because no identity-based policy allows the sqs:SendMessage action" == (
            decision.reason
        )

    def test_an_identity_policy_suffices(self):
        """
        An allow in an identity-based policy overrides the default
        (reference_policies_evaluation-logic.html).
        """
        assert decide(identity=ALL).allowed

    @pytest.mark.parametrize("principal", [ROLE, SESSION, "*"])
    def test_a_resource_policy_suffices(self, principal):
        """
        Within an account either kind of policy allows
        (reference_policies_evaluation-logic.html).
        """
        given = of_resource(allow(Principal={"AWS": principal}))

        assert decide(resource=given).allowed

    @pytest.mark.parametrize("account", [HOME, f"arn:aws:iam::{HOME}:root"])
    def test_what_is_given_to_the_account_needs_an_identity_policy_too(self, account):
        """
        Naming the account delegates to it (reference_policies_elements_principal.html,
        "AWS account principals").
        """
        given = of_resource(allow(Principal={"AWS": account}))

        assert not decide(resource=given).allowed
        assert decide(resource=given, identity=ALL).allowed

    @pytest.mark.parametrize(
        ("where", "reason"),
        [
            ("identity", "with an explicit deny in an identity-based policy"),
            ("boundary", "with an explicit deny in a permissions boundary"),
            ("session", "with an explicit deny in a session policy"),
            ("resource", "with an explicit deny in a resource-based policy"),
        ],
    )
    def test_an_explicit_deny_wins_wherever_it_stands(self, where, reason):
        """
        An explicit deny in any policy overrides any allow
        (reference_policies_evaluation-logic.html); the wording is that of
        troubleshoot_access-denied.html.
        """
        everyone = {"Principal": "*"} if where == "resource" else {}
        policies = {
            "identity": ALL,
            "resource": of_resource(allow(Principal=SESSION_AND_ROLE)),
        }
        role = "resource" if where == "resource" else "identity"
        body = [allow(**everyone), deny(Action=SEND, Sid="No", **everyone)]
        policies[where] = policy(*body, role=role)

        decision = decide(**policies)

        assert (False, True, reason) == (
            decision.allowed,
            decision.explicit,
            decision.reason,
        )
        assert StatementReference("policy", 1, "No") == decision.statement

    def test_the_root_user_needs_no_policy(self):
        """
        The root user has full access (reference_policies_evaluation-logic.html),
        unless the resource denies it.
        """
        asked = request(principal=Principal.root(HOME))

        assert decide(asked).allowed
        assert not decide(asked, resource=of_resource(deny(Principal="*"))).allowed

    def test_words_a_denial_as_aws_does(self):
        """
        troubleshoot_access-denied.html.
        """
        asked = request()

        assert decide(asked).message(asked) == (
            f"User: {SESSION} is not authorized to perform: sqs:SendMessage on "
            f"resource: {QUEUE} because no identity-based policy allows the "
            "sqs:SendMessage action"
        )


SESSION_AND_ROLE = {"AWS": [SESSION, ROLE]}


class TestLimits:
    def test_a_boundary_limits_identity_policies(self):
        """
        Effective permissions are the intersection (access_policies_boundaries.html).
        """
        decision = decide(identity=ALL, boundary=NOTHING)

        assert "because no permissions boundary allows the sqs:SendMessage action" == (
            decision.reason
        )
        assert decide(identity=ALL, boundary=ALL).allowed

    def test_a_boundary_allows_nothing_by_itself(self):
        """
        A boundary grants no permissions (access_policies_boundaries.html).
        """
        assert not decide(boundary=ALL).allowed

    def test_a_session_policy_limits_identity_policies(self):
        """
        The session's permissions are the intersection
        (reference_policies_evaluation-logic.html, "session policies").
        """
        decision = decide(identity=ALL, session=NOTHING)

        assert "because no session policy allows the sqs:SendMessage action" == (
            decision.reason
        )
        assert decide(identity=ALL, session=ALL).allowed

    @pytest.mark.parametrize("limit", ["boundary", "session"])
    def test_what_is_given_to_the_role_is_limited(self, limit):
        """
        Grants to a role ARN are limited by an implicit deny in a permissions boundary
        or session policy (reference_policies_evaluation-logic.html, "IAM role").
        """
        given = of_resource(allow(Principal={"AWS": ROLE}))

        assert not decide(resource=given, **{limit: NOTHING}).allowed
        assert decide(resource=given, **{limit: ALL}).allowed

    @pytest.mark.parametrize("limit", ["boundary", "session"])
    @pytest.mark.parametrize("principal", [SESSION, "*"])
    def test_what_is_given_to_the_session_is_not_limited(self, principal, limit):
        """
        Grants to a session ARN are not limited by an implicit deny elsewhere
        (reference_policies_evaluation-logic.html, "IAM role session"), nor are those
        to everyone (reference_policies_elements_principal.html, "IAM role principals").
        """
        given = of_resource(allow(Principal={"AWS": principal}))

        assert decide(resource=given, **{limit: NOTHING}).allowed

    def test_what_is_given_to_a_user_is_not_limited(self):
        """
        reference_policies_evaluation-logic.html, "IAM user".
        """
        asked = request(principal=Principal.user(USER))
        given = of_resource(allow(Principal={"AWS": USER}))

        assert decide(asked, resource=given, boundary=NOTHING).allowed

    def test_the_most_direct_grant_counts(self):
        """
        A role ARN in one statement does not weaken the session ARN in another.
        """
        grants = [allow(Principal={"AWS": ROLE}), allow(Principal={"AWS": SESSION})]

        for listed in (grants, grants[::-1]):
            assert decide(resource=of_resource(*listed), boundary=NOTHING).allowed


class TestTwoAccounts:
    def test_needs_both_policies(self):
        """
        Both accounts must allow
        (reference_policies_evaluation-logic-cross-account.html).
        """
        given = of_resource(allow(Principal={"AWS": SESSION}))

        assert not decide(ELSEWHERE, identity=ALL).allowed
        assert not decide(ELSEWHERE, resource=given).allowed
        assert decide(ELSEWHERE, identity=ALL, resource=given).allowed

    def test_names_the_policy_that_is_missing(self):
        """
        troubleshoot_access-denied.html.
        """
        assert "because no resource-based policy allows the sqs:SendMessage action" == (
            decide(ELSEWHERE, identity=ALL).reason
        )

    def test_the_account_may_be_named_instead_of_the_role(self):
        """
        reference_policies_evaluation-logic-cross-account.html.
        """
        given = of_resource(allow(Principal={"AWS": HOME}))

        assert decide(ELSEWHERE, identity=ALL, resource=given).allowed

    def test_a_boundary_limits_whatever_the_resource_names(self):
        """
        The trusted account evaluates identity policies and their limits
        (reference_policies_evaluation-logic-cross-account.html).
        """
        given = of_resource(allow(Principal={"AWS": SESSION}))

        decision = decide(ELSEWHERE, identity=ALL, boundary=NOTHING, resource=given)

        assert "permissions boundary" == decision.by

    def test_a_resource_without_account_is_of_the_same_account(self):
        """
        An action without a resource, such as sqs:ListQueues, crosses nothing.
        """
        asked = request("sqs:ListQueues", "*", account=None)

        assert decide(asked, identity=ALL).allowed


class TestServices:
    def test_a_resource_policy_allows_a_service(self):
        """
        reference_policies_elements_principal.html, "AWS service principals".
        """
        given = of_resource(allow(Principal={"Service": "sns.amazonaws.com"}))

        assert decide(request(principal=SNS), resource=given).allowed
        assert not decide(
            request(principal=Principal.service("events.amazonaws.com")), resource=given
        ).allowed

    def test_an_identity_policy_does_not(self):
        """
        A service principal has no identity-based policies.
        """
        decision = decide(request(principal=SNS), identity=ALL, boundary=NOTHING)

        assert "because no resource-based policy allows the sqs:SendMessage action" == (
            decision.reason
        )

    def test_nor_do_the_policies_of_an_identity_stop_it(self):
        """
        Nor a permissions boundary or a session policy.
        """
        given = of_resource(allow(Principal={"Service": "sns.amazonaws.com"}))
        nothing = policy(deny())

        assert decide(
            request(principal=SNS),
            identity=nothing,
            boundary=nothing,
            session=nothing,
            resource=given,
        ).allowed

    def test_a_service_belongs_to_no_account(self):
        """
        Naming the account does not name the services that work for it.
        """
        given = of_resource(allow(Principal={"AWS": HOME}))

        assert not decide(request(principal=SNS), resource=given).allowed

    def test_a_condition_tells_for_whom_the_service_calls(self):
        """
        confused-deputy.html.
        """
        topic = f"arn:aws:sns:us-east-1:{HOME}:orders"
        given = of_resource(
            allow(
                Principal={"Service": "sns.amazonaws.com"},
                Condition={"ArnEquals": {"aws:SourceArn": topic}},
            )
        )
        from_topic = request(principal=SNS, context={"aws:SourceArn": topic})
        from_other = request(principal=SNS, context={"aws:SourceArn": f"{topic}2"})

        assert decide(from_topic, resource=given).allowed
        assert not decide(from_other, resource=given).allowed

    def test_anonymous_requests_need_a_grant_to_everyone(self):
        """
        reference_policies_elements_principal.html, "all principals".
        """
        asked = request(principal=Principal.anonymous())

        assert decide(asked, resource=of_resource(allow(Principal="*"))).allowed
        assert not decide(
            asked, resource=of_resource(allow(Principal={"AWS": HOME}))
        ).allowed


class TestKeysAndRoles:
    """docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"""

    def test_identity_policies_do_not_count_by_themselves(self):
        """
        Unless the key policy allows it, no IAM policy gives access to the key.
        """
        decision = decide(DECRYPT, identity=ALL)

        assert "because no resource-based policy allows the kms:Decrypt action" == (
            decision.reason
        )

    def test_identity_policies_count_once_the_key_trusts_the_account(self):
        """
        A key policy that names the account's root enables IAM policies.
        """
        trusting = of_resource(allow(Principal={"AWS": f"arn:aws:iam::{HOME}:root"}))

        assert decide(DECRYPT, identity=ALL, resource=trusting).allowed
        assert not decide(DECRYPT, resource=trusting).allowed

    def test_the_delegation_has_conditions_of_its_own(self):
        """
        The key's statement must be for the request.
        """
        via_sqs = {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}
        trusting = of_resource(allow(Principal={"AWS": HOME}, Condition=via_sqs))
        context = {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}
        asked = request("kms:Decrypt", KEY, context=context)

        assert decide(asked, identity=ALL, resource=trusting).allowed
        assert not decide(DECRYPT, identity=ALL, resource=trusting).allowed

    def test_the_key_policy_may_name_the_role(self):
        """
        Then no IAM policy is needed; a boundary still limits.
        """
        given = of_resource(allow(Principal={"AWS": ROLE}))

        assert decide(DECRYPT, resource=given).allowed
        assert not decide(DECRYPT, resource=given, boundary=NOTHING).allowed

    def test_key_operations_without_a_key_need_no_key_policy(self):
        """
        kms:ListKeys has no resource.
        """
        asked = request("kms:ListKeys", "*", account=None)

        assert decide(asked, identity=ALL).allowed

    def test_a_role_is_assumed_by_whom_it_trusts(self):
        """
        Trust policies must explicitly allow, as key policies do
        (reference_policies_evaluation-logic.html).
        """
        service = Principal.service("lambda.amazonaws.com")
        asked = request("sts:AssumeRole", ROLE, principal=service)
        trusting = trust(Principal={"Service": "lambda.amazonaws.com"})

        assert decide(asked, resource=trusting).allowed
        other = trust(Principal={"Service": "edgelambda.amazonaws.com"})
        assert "because no role trust policy allows the sts:AssumeRole action" == (
            decide(asked, resource=other).reason
        )
        assert not decide(request("sts:AssumeRole", ROLE), identity=ALL).allowed
