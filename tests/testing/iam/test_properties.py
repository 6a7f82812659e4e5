"""What holds for every policy and every request."""

from hypothesis import given
from hypothesis import strategies as st

from lambda_constructs.testing._iam import Policy, evaluate, parse
from tests.testing.iam.cases import Case, ours, resource_role
from tests.testing.iam.cases import request as request_of
from tests.testing.iam.generator import case as generate
from tests.testing.iam.generator import seeded

DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    return generate(seeded(draw(st.integers(0, 2**32))))


def statements(document: Case) -> list[Case]:
    listed = document["Statement"]
    return listed if isinstance(listed, list) else [listed]


def with_statement(document: Case | None, body: Case) -> Case:
    """Give the document with one more statement."""
    listed = statements(document) if document else []
    return {**(document or {}), "Statement": [*listed, body]}


def anyones(body: Case, case: Case) -> Case:
    """Give a statement of an identity's policy as one of the resource's."""
    body = {**body, "Principal": "*"}
    if resource_role(case) == "trust":
        del body["Resource"]
    return body


@given(cases(), cases())
def test_a_deny_never_allows(case, other):
    """
    Whatever is denied stays denied with a further deny.
    """
    if not ours(case).allowed:
        for body in statements((other["identity"] or [{"Statement": []}])[0]):
            denied = {key: value for key, value in body.items() if key != "Sid"}
            document = {
                "Version": "2012-10-17",
                "Statement": {**denied, "Effect": "Deny"},
            }
            changed = {**case, "identity": [*case["identity"], document]}
            assert not ours(changed).allowed


@given(cases())
def test_a_deny_of_everything_denies(case):
    """
    An explicit deny wins over any set of policies.
    """
    policy = with_statement(case["policy"], anyones(DENY_ALL, case))

    decision = ours({**case, "policy": policy})

    assert decision.explicit


@given(cases())
def test_an_allow_never_denies(case):
    """
    Whatever is allowed stays allowed with a further allow, in any policy.
    """
    if not ours(case).allowed:
        return
    allowing = {"Version": "2012-10-17", "Statement": ALLOW_ALL}
    wider = [{**case, "identity": [*case["identity"], allowing]}]
    wider.append(
        {**case, "policy": with_statement(case["policy"], anyones(ALLOW_ALL, case))}
    )
    wider += [
        {**case, limit: with_statement(case[limit], ALLOW_ALL)}
        for limit in ("boundary", "session")
        if case[limit]
    ]
    assert all(ours(one).allowed for one in wider)


@given(cases())
def test_a_limit_never_allows(case):
    """
    Without its boundary and session policy a principal may do at least as much.
    """
    if ours(case).allowed:
        assert ours({**case, "boundary": None, "session": None}).allowed


@given(cases(), st.randoms())
def test_order_is_irrelevant(case, rng):
    """
    Neither the order of statements nor that of policies changes the outcome.
    """

    def shuffled(document: Case | None) -> Case | None:
        if document is None:
            return None
        listed = rng.sample(statements(document), len(statements(document)))
        return {**document, "Statement": listed}

    changed = {
        **case,
        **{name: shuffled(case[name]) for name in ("boundary", "session", "policy")},
        "identity": [shuffled(document) for document in reversed(case["identity"])],
    }

    assert ours(case).allowed is ours(changed).allowed


@given(cases())
def test_case_of_actions_and_keys_is_irrelevant(case):
    """
    Neither the action nor the names of condition keys have case.
    """
    context = {key.swapcase(): value for key, value in case["context"].items()}
    changed = {**case, "action": case["action"].swapcase(), "context": context}

    assert ours(case).allowed is ours(changed).allowed


@given(cases())
def test_the_deciding_statement_is_for_the_request(case):
    """
    A decision that names a statement names one that matches.
    """
    decision = ours(case)
    if decision.statement is None:
        return
    documents: list[tuple[Case | None, str, str]] = [
        (case["boundary"], "boundary", "identity"),
        (case["session"], "session", "identity"),
        (case["policy"], "resource", resource_role(case)),
        *((one, f"identity{n}", "identity") for n, one in enumerate(case["identity"])),
    ]
    found = [parse(one, name=name, role=role) for one, name, role in documents if one]
    policy = next(one for one in found if one.name == decision.statement.policy)
    if not (decision.explicit and "NotPrincipal" in str(case["policy"])):
        matching = [one.reference for one in policy.matching(request_of(case))]
        assert decision.statement in matching


@given(cases())
def test_evaluation_is_repeatable(case):
    """
    A parsed policy is never changed by a request.
    """
    policies: list[Policy] = [
        parse(one, name=f"p{n}") for n, one in enumerate(case["identity"])
    ]
    asked = request_of(case)

    assert evaluate(asked, identity=policies) == evaluate(asked, identity=policies)
