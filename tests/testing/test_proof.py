"""The gate can fail: what is not needed survives, and what is open is got into."""

from __future__ import annotations

import pytest

from lambda_constructs.testing import AccountError

from ._templates import allow, arn_of, template, trusting

SEND = """
import os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody="x")
"""
LOGGED = allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn_of("Logs"))
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "sqs:*",
    "Resource": arn_of("Queue"),
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
BUCKET = "arn:aws:s3:::uploads"


def sender(*allowed, code: str = SEND, denied=(), more=None, policy=(TLS_ONLY,)):
    """A function that may log, and sends to a queue."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {}}
    document = {"Version": "2012-10-17", "Statement": list(policy)}
    of_queue = {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document}
    made = template(
        code,
        *allowed,
        denied=denied,
        more={
            "Queue": queue,
            "QueuePolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": of_queue},
            **(more or {}),
        },
        Environment={"Variables": {"QUEUE": {"Ref": "Queue"}}},
    )
    role = made["Resources"]["Role"]["Properties"]["Policies"][0]
    role["PolicyDocument"]["Statement"][0] = {"Effect": "Allow", **LOGGED}
    return made


def permission(**source):
    """Let S3 invoke the alias."""
    return {
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Alias"},
                "Principal": "s3.amazonaws.com",
                **source,
            },
        }
    }


def sends(shop) -> None:
    """The contract: a message arrives."""
    shop.function("Worker").invoke({})
    assert ["x"] == shop.queue("Queue").bodies()


def verdicts(report) -> dict[str, str]:
    return {each.action: each.verdict for each in report.grants}


def successes(report) -> set[str]:
    return {each.name for each in report.successful_attacks}


NEEDED = allow("sqs:SendMessage", arn_of("Queue"))


def test_a_stack_that_needs_all_it_has_is_proven(account):
    """
    The deny as well: without it plain HTTP would get in.
    """
    code = SEND.replace("sqs.send", "print('sending'); sqs.send")

    report = account.prove_permissions(sender(NEEDED, code=code), sends)

    assert {
        "logs:CreateLogStream": "necessary",
        "logs:PutLogEvents": "necessary",
        "sqs:SendMessage": "necessary",
        "not sqs:*": "necessary",
    } == verdicts(report)
    assert report.proven
    report.assert_proven()
    assert "4 of 4 grants necessary, 0 loose, 0 of 6 attacks succeed" == report.summary
    assert "necessary" in str(report)


def test_what_nothing_needs_and_what_is_a_wildcard_survive(account):
    """
    Each action on each resource by itself; the handler logs nothing here.
    """
    given = sender(
        allow(["sqs:SendMessage", "sqs:PurgeQueue"], arn_of("Queue")),
        allow("sns:Publish", "*"),
        allow("dynamodb:*", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"),
    )

    report = account.prove_permissions(given, sends)

    assert {
        "logs:CreateLogStream": "necessary",
        "logs:PutLogEvents": "superfluous",
        "sqs:SendMessage": "necessary",
        "sqs:PurgeQueue": "superfluous",
        "sns:Publish": "loose",
        "dynamodb:*": "loose",
        "not sqs:*": "necessary",
    } == verdicts(report)
    with pytest.raises(
        AssertionError, match="3 of 7 grants necessary, 2 loose"
    ) as error:
        report.assert_proven()
    assert "sqs:PurgeQueue" in str(error.value)
    assert "sqs:SendMessage" not in str(error.value)


def test_a_denial_that_the_contract_overlooks_survives(account):
    """
    The handler carries on, and so does the contract.
    """
    code = (
        SEND.replace("    sqs.send", "    try: sqs.send") + "    except Exception: ..."
    )
    given = sender(NEEDED, code=code)

    report = account.prove_permissions(
        given, lambda shop: shop.function("Worker").invoke({})
    )

    assert "unnoticed" == verdicts(report)["sqs:SendMessage"]


@pytest.mark.parametrize(
    ("source", "got_in"),
    [
        ({}, {"foreign account", "foreign source", "no source"}),
        ({"SourceArn": BUCKET}, {"re-created ARN"}),
        ({"SourceAccount": "123456789012"}, {"foreign source"}),
        ({"SourceArn": BUCKET, "SourceAccount": "123456789012"}, set()),
    ],
)
def test_a_permission_that_is_not_for_one_source_is_got_into(account, source, got_in):
    """
    A bucket's name has no account, so that it can be made again by another.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    given = sender(NEEDED, more=permission(**source))

    report = account.prove_permissions(given, sends)

    assert got_in == successes(report)
    assert "superfluous" == verdicts(report)["lambda:InvokeFunction"]


@pytest.mark.parametrize(
    ("groups", "got_in"),
    [
        ("arn:aws:logs:eu-west-1:123456789012:log-group:*", set()),
        ("arn:aws:logs:eu-west-1:*:log-group:*", {"foreign account"}),
        (None, {"foreign account", "foreign source", "no source"}),
    ],
)
def test_a_key_of_logs_is_for_those_of_one_account(account, groups, got_in):
    """
    CloudWatch Logs tells the group by the encryption context, and no source.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    use = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": "kms:Encrypt",
        "Resource": "*",
    }
    if groups is not None:
        use["Condition"] = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    policy = {"Version": "2012-10-17", "Statement": [use]}
    key = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": policy,
            "BypassPolicyLockoutSafetyCheck": True,
        },
    }

    report = account.prove_permissions(sender(NEEDED, more={"Key": key}), sends)

    assert got_in == successes(report)


def test_a_queue_without_a_policy_takes_plain_http(account):
    """
    And one that lets everybody in is got into by everybody.
    """
    open_to_all = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": arn_of("Queue"),
    }

    report = account.prove_permissions(sender(NEEDED, policy=(open_to_all,)), sends)

    assert {"foreign account", "nobody", "plain HTTP"} == successes(report)


def test_a_role_that_a_service_may_assume_for_anybody_is_got_into(account):
    """
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    trust = trusting("states.amazonaws.com")
    guarded = trusting("states.amazonaws.com")
    guarded["Statement"][0]["Condition"] = {
        "StringEquals": {"aws:SourceAccount": "123456789012"}
    }
    roles = {
        name: {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": d}}
        for name, d in {"Open": trust, "Guarded": guarded}.items()
    }

    report = account.prove_permissions(sender(NEEDED, more=roles), sends)

    assert {("Open", "foreign account")} == {
        (each.target, each.name) for each in report.successful_attacks
    }


def test_a_deny_that_keeps_nothing_out_survives(account):
    """
    One for what is allowed does not.
    """
    denied = (allow("sns:Publish", "*"), allow("sqs:PurgeQueue", arn_of("Queue")))
    purge = allow("sqs:PurgeQueue", arn_of("Queue"))

    report = account.prove_permissions(sender(NEEDED, purge, denied=denied), sends)

    assert "superfluous" == verdicts(report)["not sns:Publish"]
    assert "necessary" == verdicts(report)["not sqs:PurgeQueue"]


def test_policies_of_aws_are_proven_pair_by_pair(account):
    """
    The role has them by name.
    """
    given = sender(NEEDED)
    given["Resources"]["Role"]["Properties"] = {
        "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com"),
        "ManagedPolicyArns": [
            "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
            "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
        ],
    }

    report = account.prove_permissions(given, sends)

    assert "loose" == verdicts(report)["logs:CreateLogGroup"]
    assert "loose" == verdicts(report)["sqs:*"]


def test_fails_if_the_contract_does_not_hold_with_all_grants(account):
    """
    In its own words.
    """

    def fails(shop) -> None:
        assert ["y"] == shop.queue("Queue").bodies(), "never"

    with pytest.raises(AssertionError, match="never"):
        account.prove_permissions(sender(NEEDED), fails)


def test_fails_if_the_account_has_something_in_it(account):
    """
    Afterwards it is as empty as before, and can be used.
    """
    account.prove_permissions(sender(NEEDED), sends)
    sends(account.deploy(sender(NEEDED)))

    with pytest.raises(AccountError, match="call it before deploy"):
        account.prove_permissions(sender(NEEDED), sends)
