"""Logs, metrics, EC2, SES, API Gateway connections, IoT, pictures."""

from __future__ import annotations

import pytest

from lambda_constructs.testing._calls import UnmappedOperationError
from tests.testing.calls.facts import KEY, Facts, arn, asked, pairs

GROUP = "/aws/lambda/Worker"


@pytest.mark.parametrize("key", ["logGroupName", "logGroupIdentifier"])
def test_a_log_group_ends_in_an_empty_stream(key):
    """
    A policy on the group has to end in `:*` to match.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    needs = asked("logs", "FilterLogEvents", {key: GROUP})

    assert [
        ("logs:FilterLogEvents", arn("logs", f"log-group:{GROUP}:log-stream:"))
    ] == pairs(needs)


def test_writing_logs_is_on_the_stream():
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    params = {"logGroupName": GROUP, "logStreamName": "s", "logEvents": []}

    [need] = asked("logs", "PutLogEvents", params)

    assert arn("logs", f"log-group:{GROUP}:log-stream:s") == need.resource


def test_a_query_reads_each_of_its_groups():
    """
    Each is authorised.
    """
    names = {"logGroupNames": ["a", "b"]}

    needs = asked("logs", "StartQuery", names)

    assert [arn("logs", f"log-group:{n}:log-stream:") for n in "ab"] == [
        need.resource for need in needs
    ]


def test_metrics_are_limited_by_namespace():
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
    """
    [need] = asked("cloudwatch", "PutMetricData", {"Namespace": "Shop"})

    assert ("*", "Shop") == (need.resource, need.context["cloudwatch:namespace"])


def test_identity_is_never_refused():
    """
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    assert () == asked("sts", "GetCallerIdentity", {})


def test_an_instance_is_a_request_each_with_its_tags():
    """
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/control-access-with-tags.html
    """
    first, second = arn("ec2", "instance/i-1"), arn("ec2", "instance/i-2")
    facts = Facts(resource_tags={second: {"env": "dev"}})

    needs = asked("ec2", "StopInstances", {"InstanceIds": ["i-1", "i-2"]}, facts)

    assert [("ec2:StopInstances", first), ("ec2:StopInstances", second)] == pairs(needs)
    assert "aws:ResourceTag/env" not in needs[0].context
    assert "dev" == needs[1].context["aws:ResourceTag/env"]
    assert "dev" == needs[1].context["ec2:ResourceTag/env"]


def test_snapshots_have_no_account():
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    """
    [need] = asked("ec2", "DeleteSnapshot", {"SnapshotId": "snap-1"})

    assert "arn:aws:ec2:eu-west-1::snapshot/snap-1" == need.resource


def test_mail_is_sent_by_an_identity_through_a_configuration_set():
    """
    https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    """
    params = {
        "Source": "Shop <shop@example.com>",
        "Destination": {"ToAddresses": ["a@b.c"], "CcAddresses": ["d@e.f"]},
        "ConfigurationSetName": "c",
    }
    facts = Facts(identities={"shop@example.com": "example.com"})

    needs = asked("ses", "SendEmail", params, facts)

    assert [
        ("ses:SendEmail", arn("ses", "identity/example.com")),
        ("ses:SendEmail", arn("ses", "configuration-set/c")),
    ] == pairs(needs)
    assert ("shop@example.com", "Shop", ("a@b.c", "d@e.f")) == tuple(
        needs[0].context[f"ses:{name}"]
        for name in ("FromAddress", "FromDisplayName", "Recipients")
    )


@pytest.mark.parametrize(
    ("content", "action"),
    [
        ({"Simple": {}}, "ses:SendEmail"),
        ({"Raw": {"Data": b"To: a@b.c\r\n\r\n"}}, "ses:SendRawEmail"),
        ({"Template": {"TemplateName": "t"}}, "ses:SendTemplatedEmail"),
    ],
)
def test_the_content_decides_the_action(content, action):
    """
    https://github.com/anymail/django-anymail/issues/384
    """
    params = {"FromEmailAddress": "a@b.c", "Content": content}

    assert {action} == {need.action for need in asked("sesv2", "SendEmail", params)}


def test_a_raw_message_names_its_sender_and_recipients():
    """
    Source and Destinations may be left to the message.
    """
    message = b"From: Shop <shop@example.com>\r\nTo: a@b.c\r\nCc: d@e.f\r\n\r\nhi"

    [need] = asked("ses", "SendRawEmail", {"RawMessage": {"Data": message}})

    assert arn("ses", "identity/shop@example.com") == need.resource
    assert ("a@b.c", "d@e.f") == need.context["ses:Recipients"]


def test_a_connection_is_named_by_the_endpoint():
    """
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
    """
    needs = asked(
        "apigatewaymanagementapi",
        "PostToConnection",
        {"ConnectionId": "c=", "Data": b""},
        endpoint="https://a1.execute-api.eu-west-1.amazonaws.com/prod/@connections/c%3D",
    )

    assert [
        (
            "execute-api:ManageConnections",
            arn("execute-api", "a1/prod/POST/@connections/c="),
        )
    ] == pairs(needs)


def test_fails_if_the_endpoint_names_no_api():
    """
    A custom domain does not say which API it leads to.
    """
    with pytest.raises(UnmappedOperationError, match="does not name API and stage"):
        asked(
            "apigatewaymanagementapi",
            "PostToConnection",
            {"ConnectionId": "c", "Data": b""},
            endpoint="https://ws.example.com/@connections/c",
        )


def test_retaining_a_message_is_an_action_of_its_own():
    """
    https://docs.aws.amazon.com/iot/latest/developerguide/retained-message-policy-examples.html
    """
    needs = asked("iot-data", "Publish", {"topic": "a/b", "retain": True})

    assert [
        ("iot:Publish", arn("iot", "topic/a/b")),
        ("iot:RetainPublish", arn("iot", "topic/a/b")),
    ] == pairs(needs)


def test_a_picture_is_read_as_the_caller():
    """
    https://docs.aws.amazon.com/rekognition/latest/dg/security_iam_id-based-policy-examples.html
    """
    image = {"S3Object": {"Bucket": "b", "Name": "cat.jpg"}}

    needs = asked(
        "rekognition", "DetectLabels", {"Image": image}, Facts(keys={"b/cat.jpg": KEY})
    )

    assert [
        ("rekognition:DetectLabels", "*"),
        ("s3:GetObject", "arn:aws:s3:::b/cat.jpg"),
        ("kms:Decrypt", KEY),
    ] == pairs(needs)


def test_a_document_is_read_and_its_results_are_written():
    """
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazontextract.html
    """
    params = {
        "DocumentLocation": {"S3Object": {"Bucket": "b", "Name": "d.pdf"}},
        "OutputConfig": {"S3Bucket": "out", "S3Prefix": "p"},
    }

    found = pairs(asked("textract", "StartDocumentTextDetection", params))

    assert ("s3:GetObject", "arn:aws:s3:::b/d.pdf") in found
    assert ("s3:PutObject", "arn:aws:s3:::out/p/*") in found


def test_users_sign_themselves_up_without_permission():
    """
    https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html
    """
    assert () == asked("cognito-idp", "SignUp", {"ClientId": "c"})
    assert arn("cognito-idp", "userpool/p") == (
        asked("cognito-idp", "AdminGetUser", {"UserPoolId": "p"})[0].resource
    )
