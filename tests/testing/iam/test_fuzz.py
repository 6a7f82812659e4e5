"""The fuzz reaches what it is for; `python -m tests.testing.iam.fuzz` runs it."""

from collections import Counter

from tests.testing.iam.fuzz import reductions, verdict
from tests.testing.iam.generator import case as generate
from tests.testing.iam.generator import seeded
from tests.testing.iam.oracle_gaps import gap

CAUSES = {
    "allowed by identity-based policy",
    "allowed by resource-based policy",
    "allowed by role trust policy",
    "denied explicitly by identity-based policy",
    "denied explicitly by permissions boundary",
    "denied explicitly by resource-based policy",
    "denied explicitly by role trust policy",
    "denied explicitly by session policy",
    "denied implicitly: no identity-based policy",
    "denied implicitly: no permissions boundary",
    "denied implicitly: no resource-based policy",
    "denied implicitly: no role trust policy",
    "denied implicitly: no session policy",
}


def test_every_cause_of_a_decision_occurs():
    """
    A fuzz in which all is denied for want of a policy would prove nothing.
    """
    rng = seeded(1)
    found = Counter(verdict(generate(rng))[1] for _ in range(2000))

    assert set(found) == CAUSES
    assert min(found.values()) >= 5


def test_most_cases_are_compared():
    """
    What the oracle cannot judge is the lesser part.
    """
    rng = seeded(1)

    assert sum(gap(generate(rng)) is None for _ in range(500)) > 300


def test_a_seed_gives_the_same_cases():
    """
    A difference can be had again.
    """
    assert generate(seeded(7)) == generate(seeded(7))


def test_a_case_shrinks_by_one_element():
    """
    The fuzz shows the smallest case that still differs.
    """
    case = generate(seeded(1))

    assert all(len(str(one)) < len(str(case)) for one in reductions(case))
