"""What `Action`, `Resource` and their `Not` forms match.

Pages are below docs.aws.amazon.com/IAM/latest/UserGuide/.
"""

import pytest

from tests.testing.iam.policies import (
    HOME,
    QUEUE,
    SEND,
    allow,
    allows,
    policy,
    request,
)

FUNCTION = f"arn:aws:lambda:us-east-1:{HOME}:function:worker:live"


@pytest.mark.parametrize(
    "action",
    [
        "*",
        "sqs:*",
        SEND,
        "SQS:sendmessage",
        "sqs:Send*",
        "sqs:*Message",
        "sqs:Sen?Message",
    ],
)
def test_actions_have_wildcards_and_no_case(action):
    """
    reference_policies_elements_action.html.
    """
    assert allows(allow(Action=action), request())


@pytest.mark.parametrize(
    "action",
    ["sqs:ReceiveMessage", "sns:*", "sqs:SendMessage?", "sqs:end*", "sqs:Send"],
)
def test_an_action_matches_as_a_whole(action):
    """
    reference_policies_elements_action.html.
    """
    assert not allows(allow(Action=["s3:*", action]), request())


def test_not_action_is_every_other_action():
    """
    reference_policies_elements_notaction.html.
    """
    assert not allows(allow(NotAction=["sns:*", "sqs:send*"]), request())
    assert allows(allow(NotAction="sqs:Receive*"), request())


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        QUEUE,
        f"arn:aws:sqs:*:{HOME}:orders",
        "arn:aws:sqs:us-*-1:*:ord*",
        f"arn:aws:sqs:us-east-?:{HOME}:o?ders",
        "arn:aws:sqs:*",
        "arn:*:sqs:us-east-1:*:*",
    ],
)
def test_resources_have_wildcards(resource):
    """
    reference_policies_elements_resource.html, "using wildcards in resource ARNs".
    """
    assert allows(allow(Resource=resource), request())


@pytest.mark.parametrize(
    "resource",
    [
        QUEUE.replace("orders", "Orders"),
        QUEUE + "?",
        QUEUE.replace("orders", "order"),
        f"arn:aws:sqs:us-w*:{HOME}:orders",
        f"arn:aws:sqs:us-east-1:{HOME}:*-dead",
    ],
)
def test_a_resource_matches_as_a_whole_and_with_case(resource):
    """
    reference_policies_elements_resource.html.
    """
    assert not allows(allow(Resource=[resource]), request())


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("b/*/test/*", "b/1/test/object.jpg", True),
        ("b/*/test/*", "b/1/2/test/3/object.jpg", True),
        ("b/*/test/*", "b//test/object.jpg", True),
        ("b/*/test/*", "b/1/test/", True),
        ("b/*/test/*", "b/1-test/object.jpg", False),
        ("b/*/test/*", "b/test/object.jpg", False),
        ("b/*z", "b/a:b/z", True),
    ],
)
def test_a_star_goes_beyond_slashes(pattern, key, expected):
    """
    The examples of reference_policies_elements_resource.html.
    """
    asked = request("s3:GetObject", f"arn:aws:s3:::{key}")

    assert expected is allows(allow(Resource=f"arn:aws:s3:::{pattern}"), asked)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("arn:aws:lambda:*:*:function:worker*", True),
        ("arn:aws:lambda:*:*:function:worker", False),
        ("arn:aws:lambda:us-east-1:*:function:*:live", True),
        ("arn:aws:lambda:us-*1:function:worker:live", False),
        ("arn:aws:lambda:us-*3:function:worker:live", False),
        (f"arn:aws:lambda:us-east-1?{HOME}:function:worker:*", False),
    ],
)
def test_a_star_within_a_field_stays_there(pattern, expected):
    """
    Wildcards stand for characters within the segment
    (reference_policies_elements_resource.html).
    """
    asked = request("lambda:InvokeFunction", FUNCTION)

    assert expected is allows(allow(Resource=pattern), asked)


def test_not_resource_is_every_other_resource():
    """
    reference_policies_elements_notresource.html.
    """
    assert not allows(allow(NotResource=["arn:aws:s3:::b", QUEUE]), request())
    assert allows(allow(NotResource=QUEUE + "2"), request())


def test_an_action_without_a_resource_needs_a_star():
    """
    Such an action applies to all resources
    (reference_policies_elements_resource.html).
    """
    asked = request("sqs:ListQueues", "*", account=None)

    assert allows(allow(Resource="*"), asked)
    assert not allows(allow(Resource="arn:aws:sqs:*"), asked)


class TestGrants:
    def test_every_action_goes_with_every_resource(self):
        """
        What a statement grants, as it writes it.
        """
        granted = policy(allow(Action=[SEND, "sqs:Get*"], Resource=[QUEUE, "*"]))

        assert {
            (SEND, QUEUE),
            (SEND, "*"),
            ("sqs:Get*", QUEUE),
            ("sqs:Get*", "*"),
        } == set(granted.statements[0].grants())

    def test_a_request_uses_the_grants_that_match_it(self):
        """
        The others are superfluous if no other request uses them.
        """
        body = allow(Action=["sqs:get*", "sqs:send*"], Resource=[QUEUE, QUEUE + "2"])
        (matching,) = policy(body).matching(request())

        assert [("sqs:send*", QUEUE)] == list(matching.grants_for(request()))

    def test_a_negation_is_one_grant(self):
        """
        `NotAction` and `NotResource` grant whatever they do not name.
        """
        body = allow(NotAction=["s3:*", "sns:*"], NotResource=QUEUE + "2")
        (matching,) = policy(body).matching(request())
        expected = [("all but s3:*, sns:*", f"all but {QUEUE}2")]

        assert expected == list(matching.grants())
        assert expected == list(matching.grants_for(request()))
