"""Logs, mail, IoT, Config, CodeCommit and CodePipeline invoke functions.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

from __future__ import annotations

import base64
import gzip
import json
from email.message import EmailMessage

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_config as config
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iot as iot
from aws_cdk import aws_logs as logs
from aws_cdk import aws_logs_destinations as destinations
from aws_cdk import aws_ses as ses
from aws_cdk import aws_ses_actions as actions
from aws_cdk import aws_sqs as sqs
from botocore.exceptions import ClientError

from lambda_constructs.testing._push import InvokeRefusedError
from lambda_constructs.testing._sources.letters import ReceiptRule
from lambda_constructs.testing._sources.log_patterns import compile_pattern
from lambda_constructs.testing.errors import AccountError, UnmodelledError

from .conftest import CONTEXT, make_function
from .test_sns import without

ECHO = "def handler(event, context):\n    return event"


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def seen(shop, name="Worker"):
    return [each.event for each in shop.function(name).invocations]


# --- CloudWatch Logs ---------------------------------------------------------


def subscribe(stack, group, function, pattern=None):
    group.add_subscription_filter(
        "Filter",
        destination=destinations.LambdaDestination(function.live),
        filter_pattern=pattern or logs.FilterPattern.all_events(),
    )


def test_log_lines_arrive_packed(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
    """
    group = logs.LogGroup(stack, "Group")
    pattern = logs.FilterPattern.all_terms("ERROR")
    subscribe(stack, group, make_function(stack, ECHO), pattern)
    shop = account.deploy(stack)
    name, client = shop.physical_id("Group"), account.client("logs")
    client.create_log_stream(logGroupName=name, logStreamName="s")

    now = int(account.clock.now() * 1000)
    lines = [
        {"timestamp": now, "message": text} for text in ("ERROR one", "all is well")
    ]
    client.put_log_events(logGroupName=name, logStreamName="s", logEvents=lines)
    account.settle()

    (event,) = seen(shop)
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert "DATA_MESSAGE" == data["messageType"]
    assert "123456789012" == data["owner"]
    assert (name, "s") == (data["logGroup"], data["logStream"])
    assert 1 == len(data["subscriptionFilters"])
    assert ["ERROR one"] == [each["message"] for each in data["logEvents"]]


def test_a_subscription_gets_the_lines_of_its_own_group(account, stack):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    subscribe(stack, logs.LogGroup(stack, "Group"), make_function(stack, ECHO))
    logs.LogGroup(stack, "Other")
    shop = account.deploy(stack)

    shop.log_group("Other").write("other")
    account.settle()

    assert [] == seen(shop)


def test_a_log_group_needs_a_permission(account, stack):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    subscribe(stack, logs.LogGroup(stack, "Group"), make_function(stack, ECHO))
    for child in stack.node.find_all():
        if getattr(child, "cfn_resource_type", None) == "AWS::Lambda::Permission":
            child.add_property_override("SourceArn", "arn:aws:logs:::log-group:x:*")
    shop = account.deploy(stack)

    shop.log_group("Group").write("one")
    account.settle()

    assert [] == seen(shop)
    assert "lost" == account.timeline[-1].what


def test_an_application_writes_lines(account, stack):
    """
    Text as it is, anything else as JSON; a stream may be named.
    """
    group = logs.LogGroup(stack, "Group")
    subscribe(stack, group, make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.log_group("Group").write("one", {"n": 2})
    shop.log_group("Group").write("three", stream="other")
    shop.log_group("Group").write("four")
    account.settle()

    batches = [
        json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        for event in seen(shop)
    ]
    assert ["test", "other", "test"] == [each["logStream"] for each in batches]
    assert [["one", '{"n": 2}'], ["three"], ["four"]] == [
        [line["message"] for line in each["logEvents"]] for each in batches
    ]


def test_a_function_gets_the_logs_of_another(account, stack):
    """
    Whatever it prints.
    """
    talker = make_function(stack, "def handler(e, c): print('hello')", "Talker")
    subscribe(stack, talker.log_group, make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.function("Talker").invoke({})
    account.settle()

    assert 1 == len(seen(shop))


def test_fails_if_a_function_would_get_its_own_logs(account, stack):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions-recursion-prevention.html
    """
    worker = make_function(stack, ECHO)
    subscribe(stack, worker.log_group, worker)

    with pytest.raises(AccountError, match="would get its own logs"):
        account.deploy(stack)


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR", True),
        ("ERROR", "an error", False),
        ("ERROR fatal", "fatal ERROR", True),
        ("ERROR fatal", "ERROR", False),
        ("?ERROR ?WARN", "a WARN", True),
        ("ERROR -known", "ERROR known", False),
        ('"two words"', "two words", True),
        ('"two words"', "words two", False),
        ('{ $.level = "ERROR" }', '{"level": "ERROR"}', True),
        ('{ $.level = "ERROR" }', '{"level": "INFO"}', False),
        ('{ $.level = "ERROR" }', "ERROR", False),
        ('{ $.a.b = "x*" }', '{"a": {"b": "xyz"}}', True),
        ('{ $.level != "INFO" }', '{"level": "ERROR"}', True),
        ("{ $.ms > 100 }", '{"ms": 150}', True),
        ("{ $.ms > 100 }", '{"ms": 50}', False),
        ('{ ($.ms > 100) && ($.ok = "no") }', '{"ms": 150, "ok": "yes"}', False),
        ('{ $.ms > 100 || $.ok = "no" }', '{"ms": 50, "ok": "no"}', True),
        ("{ $.gone NOT EXISTS }", "{}", True),
        ("{ $.none IS NULL }", '{"none": null}', True),
    ],
)
def test_filter_patterns_match_as_documented(pattern, line, expected):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    assert expected == compile_pattern("Filter", pattern)(line)


@pytest.mark.parametrize(
    "pattern",
    ["[a, b]", "%x.*%", "{ $.a[*] = 1 }", "{ $.a < b }", "{ $.a ~ 1 }", "a ?b"],
)
def test_fails_if_a_filter_pattern_is_not_modelled(pattern):
    """
    Rather than be matched wrongly.
    """
    with pytest.raises(UnmodelledError):
        compile_pattern("Filter", pattern)


# --- Amazon SES --------------------------------------------------------------


def test_mail_arrives_without_its_body(account, stack):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html
    """
    worker = make_function(stack, ECHO)
    receive(stack, worker, recipients=["example.com"])
    shop = account.deploy(stack)

    shop.receive_email(
        to=["a@example.com", "b@example.org"], subject="Hi", body="see you"
    )
    shop.receive_email(to=["b@example.org"])
    account.settle()

    (event,) = seen(shop)
    assert "see you" not in json.dumps(event)
    (record,) = event["Records"]
    assert ("aws:ses", "1.0") == (record["eventSource"], record["eventVersion"])
    mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
    assert "Hi" == mail["commonHeaders"]["subject"]
    assert ["a@example.com", "b@example.org"] == mail["destination"]
    assert ["a@example.com"] == receipt["recipients"]
    assert "PASS" == receipt["spamVerdict"]["status"]
    assert "Event" == receipt["action"]["invocationType"]


def receive(stack, *functions, kind="EVENT", recipients=None):
    rules = [
        ses.ReceiptRuleOptions(
            recipients=recipients,
            actions=[
                actions.Lambda(
                    function=each.live,
                    invocation_type=actions.LambdaInvocationType[kind],
                )
            ],
        )
        for each in functions
    ]
    ses.ReceiptRuleSet(stack, "Set", rules=rules)


@pytest.mark.parametrize(
    ("disposition", "goes_on"),
    [("CONTINUE", True), ("STOP_RULE", True), ("STOP_RULE_SET", False)],
)
def test_a_function_that_is_waited_for_may_stop_mail(
    account, stack, disposition, goes_on
):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html
    """
    code = f"def handler(e, c): return {{'disposition': '{disposition}'}}"
    first, second = make_function(stack, code, "First"), make_function(stack, ECHO)
    receive(stack, first, second, kind="REQUEST_RESPONSE")
    shop = account.deploy(stack)

    shop.receive_email(to=["a@example.com"])
    account.settle()

    assert 1 == len(seen(shop, "First"))
    assert goes_on == bool(seen(shop))


def test_a_function_may_stop_its_own_rule(account, stack):
    """
    What the rule would do then is not done.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html
    """
    code = "def handler(e, c): return {'disposition': 'STOP_RULE'}"
    kind = actions.LambdaInvocationType.REQUEST_RESPONSE
    stop, then = make_function(stack, code, "First"), make_function(stack, ECHO)
    both = [
        actions.Lambda(function=each.live, invocation_type=kind)
        for each in (stop, then)
    ]
    ses.ReceiptRuleSet(stack, "Set", rules=[ses.ReceiptRuleOptions(actions=both)])
    shop = account.deploy(stack)

    shop.receive_email(to=["a@example.com"])
    account.settle()

    assert 1 == len(seen(shop, "First"))
    assert [] == seen(shop)


def test_a_function_that_is_not_waited_for_stops_nothing(account, stack):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html
    """
    code = "def handler(e, c): return {'disposition': 'STOP_RULE_SET'}"
    receive(stack, make_function(stack, code, "First"), make_function(stack, ECHO))
    shop = account.deploy(stack)

    shop.receive_email(to=["a@example.com"])
    account.settle()

    assert 1 == len(seen(shop))


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("a@example.com", ["a@example.com"]),
        ("example.com", ["a@example.com", "b@example.com"]),
        (".example.com", ["c@mail.example.com"]),
    ],
)
def test_a_rule_is_for_an_address_a_domain_or_its_subdomains(pattern, wanted):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html
    """
    rule = ReceiptRule("Rule", "arn", "Rule", (pattern,), ())
    every = ["a@example.com", "b@example.com", "c@mail.example.com", "d@example.org"]

    assert wanted == rule.for_(every)


def test_mail_needs_a_permission_for_its_rule(account, stack):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
    """
    receive(stack, make_function(stack, ECHO))
    for child in stack.node.find_all():
        if getattr(child, "cfn_resource_type", None) == "AWS::Lambda::Permission":
            child.add_property_override("SourceArn", "arn:aws:ses:::another")
    shop = account.deploy(stack)

    shop.receive_email(to=["a@example.com"])
    account.settle()

    assert [] == seen(shop)
    assert "lost" == account.timeline[-1].what


def test_a_whole_mail_is_taken_as_it_is_with_the_verdicts_on_it(account, stack):
    """
    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
    """
    receive(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@example.com", "Two chairs"
    message.add_attachment(b"x", maintype="a", subtype="b", filename="c")

    number = shop.receive_email(
        to=["a@example.com"], message=message, verdicts={"virus": "FAIL"}
    )
    account.settle()

    (event,) = seen(shop)
    (record,) = event["Records"]
    mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
    assert number == mail["messageId"]
    assert "Two chairs" == mail["commonHeaders"]["subject"]
    assert ["ann@example.com"] == mail["commonHeaders"]["from"]
    assert {"status": "FAIL"} == receipt["virusVerdict"]
    assert {"status": "PASS"} == receipt["spamVerdict"]


def test_fails_if_ses_has_no_such_verdict(account, stack):
    """
    A verdict that is misspelt would pass.
    """
    receive(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)

    with pytest.raises(AccountError, match="no verdict on viruses, but on spam"):
        shop.receive_email(to=["a@example.com"], verdicts={"viruses": "FAIL"})


# --- AWS IoT -----------------------------------------------------------------


def make_topic_rule(stack, function, sql, *, allowed=True, on_error=None):
    action = iot.CfnTopicRule.LambdaActionProperty(
        function_arn=function.live.function_arn
    )
    rule = iot.CfnTopicRule(
        stack,
        "Rule",
        topic_rule_payload=iot.CfnTopicRule.TopicRulePayloadProperty(
            sql=sql,
            aws_iot_sql_version="2016-03-23",
            actions=[iot.CfnTopicRule.ActionProperty(lambda_=action)],
            error_action=on_error,
        ),
    )
    if allowed:
        function.live.add_permission(
            "Iot",
            principal=iam.ServicePrincipal("iot.amazonaws.com"),
            source_arn=rule.attr_arn,
            source_account=stack.account,
        )


def publish(account, topic, message):
    account.client("iot-data").publish(topic=topic, payload=json.dumps(message))


def test_a_topic_rule_selects_messages(account, stack):
    """
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
    """
    sql = "SELECT * FROM 'plant/+/heat' WHERE celsius > 80 AND state = 'on'"
    make_topic_rule(stack, make_function(stack, ECHO), sql)
    shop = account.deploy(stack)

    publish(account, "plant/1/heat", {"celsius": 90, "state": "on"})
    publish(account, "plant/1/heat", {"celsius": 90, "state": "off"})
    publish(account, "plant/1/heat", {"celsius": 70, "state": "on"})
    publish(account, "plant/1/2/heat", {"celsius": 90, "state": "on"})
    account.settle()

    assert [{"celsius": 90, "state": "on"}] == seen(shop)


def test_a_topic_rule_names_what_it_selects(account, stack):
    """
    What a message lacks is left out, and the last of two of one name wins.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-select.html
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
    """
    sql = (
        "SELECT topic(2) AS plant, topic() as whole, topic(9) AS none, "
        "timestamp() AS at, state.mode, celsius AS heat FROM 'plant/#'"
    )
    make_topic_rule(stack, make_function(stack, ECHO), sql)
    shop = account.deploy(stack)

    publish(account, "plant/1/heat", {"celsius": 90, "state": {"mode": "on"}, "x": 1})
    account.client("iot-data").publish(topic="plant/2", payload=b"no JSON")
    account.settle()

    now = int(account.clock.now() * 1000)
    first, second = seen(shop)
    assert {
        "plant": "1",
        "whole": "plant/1/heat",
        "at": now,
        "mode": "on",
        "heat": 90,
    } == first
    assert {"plant": "2", "whole": "plant/2", "at": now} == second


def test_a_topic_rule_may_select_all_and_more(account, stack):
    """
    https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-select.html
    """
    sql = "SELECT *, topic(2) AS plant FROM 'plant/+'"
    make_topic_rule(stack, make_function(stack, ECHO), sql)
    shop = account.deploy(stack)

    publish(account, "plant/1", {"celsius": 90, "plant": "another"})
    account.settle()

    assert [{"celsius": 90, "plant": "1"}] == seen(shop)


def test_a_delivery_of_a_topic_rule_may_fail(account, stack):
    """
    Then the error action names what it was to reach.
    """
    queue = sqs.Queue(stack, "Lost")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    queue.grant_send_messages(role)
    on_error = iot.CfnTopicRule.ActionProperty(
        sqs=iot.CfnTopicRule.SqsActionProperty(
            queue_url=queue.queue_url, role_arn=role.role_arn
        )
    )
    worker = make_function(stack, ECHO)
    make_topic_rule(stack, worker, "SELECT * FROM '#'", on_error=on_error)
    shop = account.deploy(stack)
    shop.topic_rule("Rule").fail()

    publish(account, "a", {"n": 1})
    publish(account, "a", {"n": 2})
    account.settle()

    (record,) = shop.queue("Lost").bodies()
    (failure,) = record["failures"]
    assert "LambdaAction" == failure["failedAction"]
    assert failure["failedResource"].endswith(":live")
    assert [{"n": 2}] == seen(shop)


def test_the_error_action_gets_what_was_refused(account, stack):
    """
    https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
    """
    queue = sqs.Queue(stack, "Lost")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    queue.grant_send_messages(role)
    on_error = iot.CfnTopicRule.ActionProperty(
        sqs=iot.CfnTopicRule.SqsActionProperty(
            queue_url=queue.queue_url, role_arn=role.role_arn
        )
    )
    worker = make_function(stack, ECHO)
    sql = "SELECT * FROM '#'"
    make_topic_rule(stack, worker, sql, allowed=False, on_error=on_error)
    shop = account.deploy(stack)

    publish(account, "a/b", {"n": 1})
    account.settle()

    (failure,) = shop.queue("Lost").bodies()
    assert [] == seen(shop)
    assert "a/b" == failure["topic"]
    assert b'{"n": 1}' == base64.b64decode(failure["base64OriginalPayload"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT celsius + 1 FROM 'plant'",
        "SELECT topic(2) FROM 'plant'",
        "SELECT * AS whole FROM 'plant'",
        "SELECT VALUE celsius FROM 'plant'",
        "SELECT *",
    ],
)
def test_fails_if_sql_is_not_modelled(account, stack, sql):
    """
    Rather than be read wrongly.
    """
    worker = make_function(stack, ECHO)
    make_topic_rule(stack, worker, sql)

    with pytest.raises(UnmodelledError, match="is not modelled"):
        account.deploy(stack)


# --- AWS Config --------------------------------------------------------------

EVALUATE = """
import boto3, json
def handler(event, context):
    item = json.loads(event["invokingEvent"])["configurationItem"]
    wanted = json.loads(event["ruleParameters"])["kind"]
    good = item["configuration"]["kind"] == wanted
    boto3.client("config").put_evaluations(
        ResultToken=event["resultToken"],
        Evaluations=[{
            "ComplianceResourceType": item["resourceType"],
            "ComplianceResourceId": item["resourceId"],
            "ComplianceType": "COMPLIANT" if good else "NON_COMPLIANT",
            "OrderingTimestamp": 0,
        }],
    )
"""


def make_config_rule(stack, function):
    config.CustomRule(
        stack,
        "Rule",
        lambda_function=function.live,
        configuration_changes=True,
        input_parameters={"kind": "good"},
    )


def test_a_config_rule_keeps_the_verdict(account, stack):
    """
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
    """
    worker = make_function(stack, EVALUATE, timeout=Duration.seconds(30))
    worker.function.add_to_role_policy(
        iam.PolicyStatement(actions=["config:PutEvaluations"], resources=["*"])
    )
    make_config_rule(stack, worker)
    shop = account.deploy(stack)

    item = {"resourceType": "AWS::S3::Bucket", "resourceId": "b"}
    shop.config_rule("Rule").evaluate({**item, "configuration": {"kind": "bad"}})
    account.settle()

    (evaluation,) = shop.config_rule("Rule").evaluations
    assert "NON_COMPLIANT" == evaluation["ComplianceType"]


PUT = """
import boto3, json
def handler(event, context):
    invoking = json.loads(event["invokingEvent"])
    count = int(json.loads(event["ruleParameters"])["count"])
    item = invoking.get("configurationItemSummary", {})
    verdict = "NOT_APPLICABLE" if event["eventLeftScope"] else "COMPLIANT"
    boto3.client("config").put_evaluations(
        ResultToken=event["resultToken"],
        Evaluations=[{
            "ComplianceResourceType": "AWS::S3::Bucket",
            "ComplianceResourceId": f"b-{number}",
            "ComplianceType": verdict,
            "Annotation": f"{invoking['messageType']}: {','.join(sorted(item))}",
            "OrderingTimestamp": 0,
        } for number in range(count)],
    )
"""


def evaluator(stack, count):
    worker = make_function(stack, PUT, timeout=Duration.seconds(30))
    worker.function.add_to_role_policy(
        iam.PolicyStatement(actions=["config:PutEvaluations"], resources=["*"])
    )
    config.CustomRule(
        stack,
        "Rule",
        lambda_function=worker.live,
        configuration_changes=True,
        input_parameters={"count": str(count)},
    )


def test_an_oversized_change_and_one_that_left_the_scope_are_told(account, stack):
    """
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
    """
    evaluator(stack, 1)
    shop = account.deploy(stack)

    item = {"resourceType": "AWS::S3::Bucket", "resourceId": "b", "configuration": {}}
    shop.config_rule("Rule").evaluate(item, oversized=True, left_scope=True)
    account.settle()

    (evaluation,) = shop.config_rule("Rule").evaluations
    assert "NOT_APPLICABLE" == evaluation["ComplianceType"]
    assert (
        "OversizedConfigurationItemChangeNotification: awsAccountId,awsRegion,"
        "changeType,configurationItemCaptureTime,configurationItemStatus,resourceId,"
        "resourceType"
    ) == evaluation["Annotation"]


def test_an_evaluation_needs_the_token_of_its_event(account, stack):
    """
    One in test mode is taken and not kept.

    https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html
    """
    make_config_rule(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)
    shop.config_rule("Rule").evaluate()
    account.settle()
    client, (event,) = account.client("config"), seen(shop)
    verdict = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": "b",
        "ComplianceType": "COMPLIANT",
        "OrderingTimestamp": 0,
    }

    with pytest.raises(ClientError, match="InvalidResultTokenException"):
        client.put_evaluations(ResultToken="x", Evaluations=[verdict])
    token = event["resultToken"]
    client.put_evaluations(ResultToken=token, Evaluations=[verdict], TestMode=True)
    assert [] == shop.config_rule("Rule").evaluations
    client.put_evaluations(ResultToken=token, Evaluations=[verdict])
    assert 1 == len(shop.config_rule("Rule").evaluations)


def test_config_takes_a_hundred_evaluations_at_once_and_no_more(account, stack):
    """
    https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html
    """
    evaluator(stack, 101)
    shop = account.deploy(stack)

    shop.config_rule("Rule").evaluate()
    account.settle()

    assert [] == shop.config_rule("Rule").evaluations
    assert (
        "ValidationException"
        in (shop.function("Worker").invocations[0].outcome.payload["errorMessage"])
    )


def test_fails_if_the_function_does_not_allow_config(account, stack):
    """
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html
    """
    make_config_rule(stack, make_function(stack, EVALUATE))
    shop = account.deploy(without(stack, "AWS::Lambda::Permission"))

    with pytest.raises(InvokeRefusedError, match="may not invoke live"):
        shop.config_rule("Rule").evaluate()


# --- AWS CodeCommit ----------------------------------------------------------


def make_repository(stack, function, *, allowed=True, **trigger):
    repository = codecommit.Repository(stack, "Code", repository_name="code")
    arn = function.live.function_arn
    repository.notify(arn, name="Pushed", custom_data="x", **trigger)
    if allowed:
        function.live.add_permission(
            "CodeCommit",
            principal=iam.ServicePrincipal("codecommit.amazonaws.com"),
            source_arn=repository.repository_arn,
            source_account=stack.account,
        )
    return repository


def test_a_trigger_tells_of_a_push(account, stack):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-codecommit.html
    """
    make_repository(stack, make_function(stack, ECHO), branches=["main"])
    shop = account.deploy(stack)

    commit = shop.repository("Code").push()
    shop.repository("Code").push("other")
    account.settle()

    (event,) = seen(shop)
    (record,) = event["Records"]
    assert "aws:codecommit" == record["eventSource"]
    assert "x" == record["customData"]
    references = record["codecommit"]["references"]
    assert [{"commit": commit, "ref": "refs/heads/main"}] == references


def test_a_trigger_tells_of_its_own_events(account, stack):
    """
    https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda.html
    """
    events = [codecommit.RepositoryEventTrigger.DELETE_REF]
    make_repository(stack, make_function(stack, ECHO), events=events)
    shop = account.deploy(stack)

    for event in ("createReference", "updateReference", "deleteReference"):
        shop.repository("Code").push(event=event)
    account.settle()

    (event,) = seen(shop)
    (reference,) = event["Records"][0]["codecommit"]["references"]
    assert reference["deleted"] is True
    assert "created" not in reference


def test_a_trigger_needs_a_permission_that_cdk_does_not_give(account, stack):
    """
    https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda-cc.html
    """
    make_repository(stack, make_function(stack, ECHO), allowed=False)
    shop = account.deploy(stack)

    shop.repository("Code").push()
    account.settle()

    assert [] == seen(shop)
    assert "lost" == account.timeline[-1].what


def test_a_repository_tells_the_bus_too(account, stack):
    """
    https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
    """
    repository = codecommit.Repository(stack, "Code", repository_name="code")
    worker = make_function(stack, ECHO)
    repository.on_commit("Commit", target=targets.LambdaFunction(worker.live))
    shop = account.deploy(stack)

    commit = shop.repository("Code").push()
    account.settle()

    (event,) = seen(shop)
    assert commit == event["detail"]["commitId"]


READ = """
import boto3
seen = []
def handler(event, context):
    client = boto3.client("codecommit")
    for record in event["Records"]:
        name = record["eventSourceARN"].split(":")[5]
        for reference in record["codecommit"]["references"]:
            id = reference["commit"]
            commit = client.get_commit(repositoryName=name, commitId=id)["commit"]
            parents = commit["parents"]
            before = {"beforeCommitSpecifier": parents[0]} if parents else {}
            changes, token = [], {}
            while True:
                page = client.get_differences(
                    repositoryName=name, afterCommitSpecifier=id, MaxResults=1,
                    **before, **token)
                changes += page["differences"]
                if "NextToken" not in page:
                    break
                token = {"NextToken": page["NextToken"]}
            print([
                (each["changeType"], blob["path"],
                 client.get_blob(repositoryName=name, blobId=blob["blobId"])["content"])
                for each in changes
                for blob in [each.get("afterBlob") or each["beforeBlob"]]
            ])
"""


def test_what_was_pushed_can_be_read(account, stack):
    """
    Commits, differences and blobs, under the function's role.

    https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetDifferences.html
    """
    worker = make_function(stack, READ)
    repository = make_repository(stack, worker)
    for action in ("GetBlob", "GetCommit", "GetDifferences"):
        worker.allow(f"codecommit:{action}", on=repository.repository_arn)
    shop = account.deploy(stack)
    code = shop.repository("Code")

    code.push(files={"a.txt": "one", "b.txt": b"two"})
    code.commit(files={"c.txt": "three"})
    code.push(files={"a.txt": "1", "b.txt": None})
    account.settle()

    assert [
        "[('A', 'a.txt', b'one'), ('A', 'b.txt', b'two')]",
        "[('M', 'a.txt', b'1'), ('D', 'b.txt', b'two')]",
    ] == shop.function("Worker").logs
    assert shop.function("Worker").access.missing == set()


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("get_commit", {"commitId": "0" * 40}, "CommitIdDoesNotExistException"),
        (
            "get_differences",
            {"afterCommitSpecifier": "main"},
            "CommitDoesNotExistException",
        ),
        ("get_blob", {"blobId": "0" * 40}, "BlobIdDoesNotExistException"),
    ],
)
def test_what_was_not_pushed_does_not_exist(account, stack, operation, params, code):
    """
    https://docs.aws.amazon.com/codecommit/latest/APIReference/API_GetCommit.html
    """
    make_repository(stack, make_function(stack, ECHO))
    account.deploy(stack)
    client = account.client("codecommit")

    with pytest.raises(ClientError) as error:
        getattr(client, operation)(repositoryName="code", **params)

    assert code == error.value.response["Error"]["Code"]


def test_a_large_blob_is_not_given(account, stack):
    """
    https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
    """
    make_repository(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)
    shop.repository("Code").push(files={"film": b"x" * (6 * 1024 * 1024 + 1)})
    client = account.client("codecommit")
    (change,) = client.get_differences(
        repositoryName="code", afterCommitSpecifier="main"
    )["differences"]

    with pytest.raises(ClientError, match="FileTooLargeException"):
        client.get_blob(repositoryName="code", blobId=change["afterBlob"]["blobId"])


# --- AWS CodePipeline --------------------------------------------------------

PIPELINE = "codepipeline.amazonaws.com"

JOB = """
import boto3
def handler(event, context):
    job = event["CodePipeline.job"]
    client = boto3.client("codepipeline")
    if job["data"]["actionConfiguration"]["configuration"]["UserParameters"] == "good":
        client.put_job_success_result(jobId=job["id"])
    else:
        details = {"type": "JobFailed", "message": "no"}
        client.put_job_failure_result(jobId=job["id"], failureDetails=details)
"""


def make_pipeline(stack, function, parameters="good", *, granted=True):
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal(PIPELINE))
    if granted:
        function.function.grant_invoke(role)
    actions = ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"]
    function.function.add_to_role_policy(
        iam.PolicyStatement(actions=actions, resources=["*"])
    )
    stages = [
        {
            "name": "Check",
            "actions": [
                {
                    "name": "Invoke",
                    "actionTypeId": {
                        "category": "Invoke",
                        "owner": "AWS",
                        "provider": "Lambda",
                        "version": "1",
                    },
                    "configuration": {
                        "FunctionName": function.function.function_name,
                        "UserParameters": parameters,
                    },
                }
            ],
        }
    ]
    codepipeline.CfnPipeline(stack, "Pipeline", role_arn=role.role_arn, stages=stages)


@pytest.mark.parametrize(
    ("parameters", "status"), [("good", "Succeeded"), ("bad", "Failed")]
)
def test_a_pipeline_action_ends_when_the_function_answers(
    account, stack, parameters, status
):
    """
    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    make_pipeline(stack, make_function(stack, JOB), parameters)
    shop = account.deploy(stack)

    job = shop.pipeline_action("Pipeline", "Invoke").run()
    assert "InProgress" == job.status
    account.settle()

    assert status == job.status


WAIT = """
import boto3
def handler(event, context):
    job = event["CodePipeline.job"]
    token = job["data"].get("continuationToken")
    print(token)
    client = boto3.client("codepipeline")
    if token is None:
        client.put_job_success_result(jobId=job["id"], continuationToken="1")
    elif token == "1":
        client.put_job_success_result(jobId=job["id"], continuationToken="2")
    else:
        client.put_job_success_result(jobId=job["id"], outputVariables={"size": "9"})
"""


def test_a_continued_action_invokes_again_with_its_token(account, stack):
    """
    As a new job, until it is answered without one.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    make_pipeline(stack, make_function(stack, WAIT))
    shop = account.deploy(stack)

    job = shop.pipeline_action("Pipeline", "Invoke").run()
    account.advance(29)
    assert "InProgress" == job.status
    account.settle()

    assert ("Succeeded", {"size": "9"}) == (job.status, job.answer["outputVariables"])
    assert ["None", "1", "2"] == shop.function("Worker").logs
    ids = {each["CodePipeline.job"]["id"] for each in seen(shop)}
    assert 3 == len(ids)


def test_an_action_without_an_answer_fails_after_twenty_minutes(account, stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
    """
    make_pipeline(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)

    job = shop.pipeline_action("Pipeline", "Invoke").run()
    account.advance(19 * 60 + 59)
    assert "InProgress" == job.status
    account.advance(1)

    assert "Failed" == job.status


def test_an_action_that_always_goes_on_fails_after_a_day(account, stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
    """
    make_pipeline(stack, make_function(stack, WAIT.replace('"2"', '"1"')))
    shop = account.deploy(stack)

    job = shop.pipeline_action("Pipeline", "Invoke").run()
    job.started -= 24 * 60 * 60 - 59
    account.settle()

    assert "Failed" == job.status
    assert 2 == len(seen(shop))


def test_a_job_that_went_on_takes_no_answer_for_its_past(account, stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html
    """
    make_pipeline(stack, make_function(stack, ECHO))
    shop = account.deploy(stack)
    job = shop.pipeline_action("Pipeline", "Invoke").run()
    client, before = account.client("codepipeline"), job.id
    client.put_job_success_result(jobId=before, continuationToken="1")
    account.advance(31)

    assert before != job.id
    with pytest.raises(ClientError, match="InvalidJobStateException"):
        client.put_job_success_result(jobId=before)
    assert "InProgress" == job.status


def test_a_job_that_has_ended_takes_no_second_answer(account, stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html
    """
    make_pipeline(stack, make_function(stack, JOB), "bad")
    shop = account.deploy(stack)
    job = shop.pipeline_action("Pipeline", "Invoke").run()
    account.settle()

    with pytest.raises(ClientError, match="InvalidJobStateException"):
        account.client("codepipeline").put_job_success_result(jobId=job.id)
    assert "Failed" == job.status


def test_fails_if_the_pipelines_role_may_not_invoke(account, stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
    """
    make_pipeline(stack, make_function(stack, JOB), granted=False)
    shop = account.deploy(stack)

    with pytest.raises(AccountError, match="may not lambda:InvokeFunction"):
        shop.pipeline_action("Pipeline", "Invoke").run()
