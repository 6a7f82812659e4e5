"""SQS, SNS, EventBridge, Kinesis, Lambda, Step Functions, Scheduler."""

from __future__ import annotations

import pytest

from lambda_constructs.testing._calls import UnmappedOperationError
from tests.testing.calls.facts import ACCOUNT, KEY, REGION, Facts, arn, asked, pairs

QUEUE = arn("sqs", "Orders")
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/Orders"


@pytest.mark.parametrize(
    "url", [URL, "Orders", f"https://{REGION}.queue.amazonaws.com/{ACCOUNT}/Orders"]
)
def test_a_queue_is_named_by_its_url(url):
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
    """
    needs = asked("sqs", "DeleteMessage", {"QueueUrl": url, "ReceiptHandle": "h"})

    assert [("sqs:DeleteMessage", QUEUE)] == pairs(needs)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("SendMessageBatch", "sqs:SendMessage"),
        ("DeleteMessageBatch", "sqs:DeleteMessage"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
    ],
)
def test_a_batch_of_messages_is_the_single_action(operation, action):
    """
    SQS has no batch actions.
    """
    assert [(action, QUEUE)] == pairs(asked("sqs", operation, {"QueueUrl": URL}))


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        ("SendMessage", ["kms:GenerateDataKey", "kms:Decrypt"]),
        ("ReceiveMessage", ["kms:Decrypt"]),
        ("DeleteMessage", []),
    ],
)
def test_an_encrypted_queue_uses_its_key_as_the_caller(operation, actions):
    """
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    facts = Facts(keys={QUEUE: KEY})

    _, *keys = asked("sqs", operation, {"QueueUrl": URL}, facts)

    assert ("aws:sqs:arn" in str(keys)) == bool(actions)
    assert [(action, KEY) for action in actions] == pairs(tuple(keys))
    assert {"sqs.eu-west-1.amazonaws.com"} >= {
        n.context["kms:ViaService"] for n in keys
    }


def test_a_redrive_reads_the_dead_letters_and_sends_to_their_sources():
    """
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    """
    dead = arn("sqs", "Dead")

    needs = asked(
        "sqs", "StartMessageMoveTask", {"SourceArn": dead}, Facts(sources=(QUEUE,))
    )

    assert [
        ("sqs:StartMessageMoveTask", dead),
        ("sqs:ReceiveMessage", dead),
        ("sqs:DeleteMessage", dead),
        ("sqs:GetQueueAttributes", dead),
        ("sqs:SendMessage", QUEUE),
    ] == pairs(needs)


@pytest.mark.parametrize(
    ("params", "resource"),
    [
        ({"TopicArn": arn("sns", "News")}, arn("sns", "News")),
        ({"TargetArn": arn("sns", "endpoint/GCM/a/1")}, arn("sns", "endpoint/GCM/a/1")),
        ({"PhoneNumber": "+441234"}, "*"),
    ],
)
def test_publishing_is_on_the_topic_or_endpoint_and_a_telephone_is_none(
    params, resource
):
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    """
    assert [("sns:Publish", resource)] == pairs(asked("sns", "Publish", params))


def test_a_subscription_can_be_limited_by_protocol_and_endpoint():
    """
    https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html
    """
    params = {"TopicArn": arn("sns", "N"), "Protocol": "https", "Endpoint": "https://a"}

    [need] = asked("sns", "Subscribe", params)

    assert ("https", "https://a") == (
        need.context["sns:Protocol"],
        need.context["sns:Endpoint"],
    )


def test_each_event_goes_to_its_own_bus():
    """
    Entries without a bus go to `default`; source and type are conditions.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
    """
    other = "arn:aws:events:eu-west-1:444455556666:event-bus/shared"
    entries = [
        {"Source": "shop", "DetailType": "Sold", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Sold", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Paid", "EventBusName": "billing"},
        {"Source": "shop", "EventBusName": other},
    ]

    needs = asked("events", "PutEvents", {"Entries": entries})

    assert [
        arn("events", "event-bus/default"),
        arn("events", "event-bus/billing"),
        other,
    ] == [need.resource for need in needs]
    assert "Sold" == needs[0].context["events:detail-type"]


def test_a_rule_names_its_bus_unless_that_is_the_default():
    """
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-manage-iam-access.html
    """
    on_default = asked("events", "PutRule", {"Name": "r"})
    on_custom = asked("events", "PutRule", {"Name": "r", "EventBusName": "billing"})

    assert arn("events", "rule/r") == on_default[0].resource
    assert arn("events", "rule/billing/r") == on_custom[0].resource


@pytest.mark.parametrize(
    ("name", "qualifier", "place"),
    [
        ("Worker", None, "function:Worker"),
        ("Worker", "live", "function:Worker:live"),
        ("Worker:live", None, "function:Worker:live"),
        (arn("lambda", "function:Worker"), "live", "function:Worker:live"),
        (arn("lambda", "function:Worker:live"), None, "function:Worker:live"),
        (f"{ACCOUNT}:function:Worker", "7", "function:Worker:7"),
    ],
)
def test_invoking_is_on_the_qualified_function(name, qualifier, place):
    """
    A grant on the function does not cover its aliases.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    """
    params = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}

    assert [("lambda:InvokeFunction", arn("lambda", place))] == pairs(
        asked("lambda", "Invoke", params)
    )


def test_a_shard_iterator_belongs_to_its_stream():
    """
    GetRecords names no stream; the iterator does.
    """
    stream = arn("kinesis", "stream/Clicks")
    facts = Facts(streams={"i": stream}, keys={stream: KEY})

    needs = asked("kinesis", "GetRecords", {"ShardIterator": "i"}, facts)

    assert [("kinesis:GetRecords", stream), ("kms:Decrypt", KEY)] == pairs(needs)


def test_fails_if_a_shard_iterator_is_unknown():
    """
    An iterator that nobody knows is refused.
    """
    with pytest.raises(UnmappedOperationError, match="pass StreamARN"):
        asked("kinesis", "GetRecords", {"ShardIterator": "i"})


def test_a_schedule_is_handed_a_role():
    """
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/security_iam_id-based-policies.html
    """
    role = f"arn:aws:iam::{ACCOUNT}:role/Scheduler"
    params = {"Name": "s", "GroupName": "g", "Target": {"Arn": "x", "RoleArn": role}}

    create, passed = asked("scheduler", "CreateSchedule", params)

    assert arn("scheduler", "schedule/g/s") == create.resource
    assert ("iam:PassRole", role) == (passed.action, passed.resource)
    assert "scheduler.amazonaws.com" == passed.context["iam:PassedToService"]


def test_a_task_token_names_no_resource():
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    needs = asked("stepfunctions", "SendTaskSuccess", {"taskToken": "t"})

    assert [("states:SendTaskSuccess", "*")] == pairs(needs)


def test_every_need_says_whether_the_call_is_encrypted_and_where_it_goes():
    """
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    [need] = asked("sqs", "SendMessage", {"QueueUrl": URL}, secure=False)

    assert {
        "aws:SecureTransport": "false",
        "aws:RequestedRegion": REGION,
        "aws:ResourceAccount": ACCOUNT,
    } == need.context


def test_arns_have_the_partition_of_the_call():
    """
    `aws-cn` and `aws-us-gov` differ from `aws`, and so does KMS in China.
    """
    queue = f"arn:aws-cn:sqs:{REGION}:{ACCOUNT}:Orders"

    send, key, _ = asked(
        "sqs",
        "SendMessage",
        {"QueueUrl": "Orders"},
        Facts(keys={queue: KEY}),
        partition="aws-cn",
    )

    assert queue == send.resource
    assert f"sqs.{REGION}.amazonaws.com.cn" == key.context["kms:ViaService"]
