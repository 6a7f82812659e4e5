"""Each rule finds what does not keep it, on plain constructs, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import (
    Acknowledgment,
    App,
    Duration,
    NestedStack,
    Stack,
    Validations,
    assertions,
)
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from lambda_constructs import ConfigurationError, NotSecret, Practice, Rules
from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.rules._catalogue import RULES
from lambda_constructs.rules._roles import shortest
from lambda_constructs.rules._template import Template
from tests.unit.conftest import CODE, make_function

KEY = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)


def plain(stack: Stack, id: str = "Plain", **options: Any) -> lambda_.Function:
    """A function of aws_lambda that keeps every rule on functions."""
    group = {"log_group": logs.LogGroup(stack, f"{id}Logs")}
    given = {"timeout": Duration.seconds(10), **group, **options}
    return lambda_.Function(
        stack,
        id,
        code=CODE,
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        **given,
    )


def described(stack: Stack, kilobytes: int) -> None:
    plain(stack).node.default_child.add_metadata("Notes", "x" * kilobytes * 1_000)


def alias(stack: Stack, id: str = "Plain", **options: Any) -> lambda_.Alias:
    return plain(stack, id, **options).add_alias("live")


def queue(stack: Stack, visibility: int = 60, **options: Any) -> sqs.Queue:
    """A queue that keeps every rule on queues."""
    dead = {
        "retention_period": Duration.days(14),
        "redrive_allow_policy": sqs.RedriveAllowPolicy(
            redrive_permission=sqs.RedrivePermission.ALLOW_ALL
        ),
        **options,
    }
    given = {key: value for key, value in dead.items() if value is not None}
    return sqs.Queue(
        stack,
        "Queue",
        visibility_timeout=Duration.seconds(visibility),
        dead_letter_queue=sqs.DeadLetterQueue(
            max_receive_count=5, queue=sqs.Queue(stack, "Dead", **given)
        ),
    )


def poll_queue(stack: Stack, target: lambda_.IFunction, of: sqs.Queue, **options: Any):
    given = {"report_batch_item_failures": True, **options}
    target.add_event_source(sources.SqsEventSource(of, **given))


def poll_stream(stack: Stack, **options: Any) -> lambda_.Alias:
    target = alias(stack)
    given = {"retry_attempts": 10, "report_batch_item_failures": True, **options}
    target.add_event_source(
        sources.KinesisEventSource(
            kinesis.Stream(stack, "Stream"),
            starting_position=lambda_.StartingPosition.LATEST,
            **{key: value for key, value in given.items() if value is not None},
        )
    )
    return target


def table_writer(stack: Stack, *, to_itself: bool) -> None:
    one, other = (
        dynamodb.TableV2(
            stack,
            id,
            partition_key=KEY,
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
        )
        for id in ("One", "Other")
    )
    target = alias(stack)
    target.add_event_source(
        sources.DynamoEventSource(
            one,
            starting_position=lambda_.StartingPosition.LATEST,
            retry_attempts=10,
            report_batch_item_failures=True,
        )
    )
    (one if to_itself else other).grant(target, "dynamodb:PutItem")


def bucket_writer(stack: Stack, resource: str) -> None:
    bucket = s3.Bucket(stack, "Bucket", event_bridge_enabled=True)
    target = alias(stack)
    events.Rule(
        stack,
        "Rule",
        event_pattern=events.EventPattern(
            source=["aws.s3"], detail={"bucket": {"name": [bucket.bucket_name]}}
        ),
        targets=[targets.LambdaFunction(target)],
    )
    target.add_to_role_policy(
        iam.PolicyStatement(
            actions=["s3:Put*"], resources=[bucket.arn_for_objects(resource)]
        )
    )


def sender(stack: Stack, *, to_itself: bool) -> None:
    topic, other = sns.Topic(stack, "Topic"), sns.Topic(stack, "Other")
    target = alias(stack)
    topic.add_subscription(subscriptions.LambdaSubscription(target))
    (topic if to_itself else other).grant_publish(target)


def recursive(stack: Stack, word: str) -> None:
    function = plain(stack)
    resource = function.node.default_child
    resource.add_property_override("RecursiveLoop", word)


def in_environment(stack: Stack, **variables: str) -> None:
    plain(stack, environment=variables)


def snap_start(stack: Stack, *, by_version: bool) -> None:
    function = plain(stack, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS)
    target = function.add_alias("live")
    topic = sns.Topic(stack, "Topic")
    subscribed = target if by_version else function
    topic.add_subscription(subscriptions.LambdaSubscription(subscribed))


def provisioned(stack: Stack, *, by_version: bool) -> None:
    function = plain(stack)
    target = function.add_alias("live", provisioned_concurrent_executions=1)
    sns.Topic(stack, "Topic").add_subscription(
        subscriptions.LambdaSubscription(target if by_version else function)
    )


def subscribed(stack: Stack, *, by_alias: bool) -> None:
    target = alias(stack) if by_alias else plain(stack)
    sns.Topic(stack, "Topic").add_subscription(subscriptions.LambdaSubscription(target))


def permissions(stack: Stack, count: int) -> None:
    target = alias(stack)
    for n in range(count):
        target.add_permission(
            f"Rule{n}",
            principal=iam.ServicePrincipal("events.amazonaws.com"),
            source_arn=f"arn:aws:events:eu-west-1:111122223333:rule/{'r' * 64}{n}",
        )


def role(stack: Stack, *, shared: bool) -> None:
    first = plain(stack)
    plain(stack, "Second", **({"role": first.role} if shared else {}))


def policy(stack: Stack, statements: int) -> None:
    iam.ManagedPolicy(
        stack,
        "Long",
        roles=[plain(stack).role],
        statements=[
            iam.PolicyStatement(
                actions=[f"s3:GetObject{'x' * 90}{n}"], resources=["arn:aws:s3:::b/k"]
            )
            for n in range(statements)
        ],
    )


def managed_policies(stack: Stack, count: int) -> None:
    owner = plain(stack).role  # which has one already
    for n in range(count - 1):
        iam.ManagedPolicy(
            stack,
            f"Policy{n}",
            roles=[owner],
            statements=[iam.PolicyStatement(actions=["s3:X"], resources=["*"])],
        )


PAIRS = {
    "alias-bound": [
        (
            lambda s: subscribed(s, by_alias=False),
            lambda s: subscribed(s, by_alias=True),
        ),
        (
            lambda s: poll_queue(s, plain(s), queue(s)),
            lambda s: poll_queue(s, alias(s), queue(s)),
        ),
        (
            lambda s: plain(s).add_function_url(),
            lambda s: alias(s).add_function_url(),
        ),
    ],
    "environment-secret": [
        (
            lambda s: in_environment(s, DB_PASSWORD="hunter2"),
            lambda s: in_environment(s, DB_PASSWORD_PARAMETER="shop/password"),
        ),
        (
            lambda s: in_environment(s, URL="{{resolve:secretsmanager:db}}"),
            lambda s: in_environment(s, API_TOKEN="/shop/api-token"),
        ),
        (
            lambda s: in_environment(s, ID="AKIAIOSFODNN7EXAMPLE"),
            lambda s: in_environment(s, SECRET="arn:aws:secretsmanager:x:1:secret:s"),
        ),
    ],
    "latest-inert": [
        (
            lambda s: snap_start(s, by_version=False),
            lambda s: snap_start(s, by_version=True),
        ),
        (
            lambda s: provisioned(s, by_version=False),
            lambda s: provisioned(s, by_version=True),
        ),
        (
            lambda s: plain(s, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS),
            lambda s: alias(s, snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS),
        ),
    ],
    "own-log-group": [
        (lambda s: plain(s, log_group=None), plain),
        (
            lambda s: plain(s, "Second", log_group=plain(s).log_group),
            lambda s: plain(s, "Second") and plain(s),
        ),
    ],
    "partial-batch": [
        (
            lambda s: poll_queue(
                s, alias(s), queue(s), report_batch_item_failures=False
            ),
            lambda s: poll_queue(s, alias(s), queue(s)),
        ),
        (
            lambda s: poll_stream(s, report_batch_item_failures=False),
            lambda s: poll_stream(s, report_batch_item_failures=False, batch_size=1),
        ),
    ],
    "policy-size": [(lambda s: policy(s, 50), lambda s: policy(s, 30))],
    "recursive-loop": [
        (lambda s: recursive(s, "Allow"), lambda s: recursive(s, "Terminate")),
        (lambda s: sender(s, to_itself=True), lambda s: sender(s, to_itself=False)),
    ],
    "resource-policy-size": [
        (lambda s: permissions(s, 60), lambda s: permissions(s, 40))
    ],
    "role-policies": [
        (lambda s: managed_policies(s, 11), lambda s: managed_policies(s, 10))
    ],
    "s3-recursion": [
        (lambda s: bucket_writer(s, "*"), lambda s: bucket_writer(s, "small/*"))
    ],
    "shared-role": [(lambda s: role(s, shared=True), lambda s: role(s, shared=False))],
    "template-size": [(lambda s: described(s, 1_050), lambda s: described(s, 1_000))],
    "sqs-dead-letter-retention": [
        (lambda s: queue(s, retention_period=Duration.days(4)), queue),
        (lambda s: queue(s, retention_period=None), queue),
    ],
    "sqs-redrive-allow": [(lambda s: queue(s, redrive_allow_policy=None), queue)],
    "sqs-visibility-below-timeout": [
        (
            lambda s: poll_queue(s, alias(s), queue(s, 9)),
            lambda s: poll_queue(s, alias(s), queue(s, 60)),
        )
    ],
    "sqs-visibility-timeout": [
        (
            lambda s: poll_queue(s, alias(s), queue(s, 59)),
            lambda s: poll_queue(s, alias(s), queue(s, 60)),
        ),
        (
            lambda s: poll_queue(
                s, alias(s), queue(s, 60), max_batching_window=Duration.seconds(1)
            ),
            lambda s: poll_queue(
                s, alias(s), queue(s, 61), max_batching_window=Duration.seconds(1)
            ),
        ),
    ],
    "stream-loop": [
        (
            lambda s: table_writer(s, to_itself=True),
            lambda s: table_writer(s, to_itself=False),
        )
    ],
    "stream-retry-attempts": [
        (
            lambda s: poll_stream(s, retry_attempts=None),
            lambda s: poll_stream(
                s, retry_attempts=None, max_record_age=Duration.hours(1)
            ),
        )
    ],
}

CASES = [
    pytest.param(rule, *pair, id=f"{rule}-{n}")
    for rule, pairs in PAIRS.items()
    for n, pair in enumerate(pairs)
]


def reported(app: App) -> list[dict[str, Any]]:
    """What CDK's own report has of the rules after a synthesis."""
    with suppress(RuntimeError):  # an error of a rule; the report is there the same
        app.synth()
    report = Path(app.outdir) / "validation-report.json"
    if not report.exists():
        return []
    return [
        violation
        for each in json.loads(report.read_text())["pluginReports"]
        for violation in each["violations"]
    ]


def found(build: Any) -> list[str]:
    """The rules that a stack does not keep."""
    app = App()
    Rules.apply_to(app)
    build(Stack(app, "Shop"))
    return [each["ruleName"] for each in reported(app)]


def test_each_rule_has_a_pair():
    """
    One that is kept and one that is not.
    """
    assert [rule.id for rule in RULES] == sorted(PAIRS)


@pytest.mark.parametrize(("rule", "noncompliant", "compliant"), CASES)
def test_finds_what_does_not_keep_the_rule_and_nothing_else(
    rule, noncompliant, compliant
):
    """
    On functions, queues and permissions of CDK's own.
    """
    assert [rule] == found(noncompliant)
    assert [] == found(compliant)


def test_the_report_names_the_construct_the_fault_and_the_remedy():
    """
    By the path that its author knows, and with AWS's page.
    """
    app = App()
    Rules.apply_to(app)
    subscribed(Stack(app, "Shop"), by_alias=False)

    (violation,) = reported(app)
    (construct,) = violation["violatingConstructs"]
    assert "Shop/Plain/AllowInvoke:ShopTopic58BF4490" == construct["constructPath"]
    assert (
        "it is for $LATEST of Shop/Plain; triggers invoke an alias or a version, "
        "never $LATEST"
    ) == violation["description"]
    assert violation["suggestedFix"].startswith("let it invoke an alias")
    assert violation["suggestedFix"].endswith("dg/configuration-aliases.html")
    assert "warning" == violation["severity"]


def test_the_least_length_of_a_policy_is_that_of_what_is_known():
    """
    IAM does not count white space, and a reference is no shorter than an ARN.
    """
    allow = {"Sid": "A b", "Action": ["s3:X"]}
    document = {"Version": "2012-10-17", "Statement": [allow]}
    written = json.dumps(document, separators=(",", ":")).replace(" ", "")

    assert len(written) == shortest(document)
    assert (
        len('"arn:aws:s3:::bucket/x"')
        == shortest({"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/x"]]})
        + len("arn:aws:s3:::bucket")
        - 20
    )


class TestAcknowledgement:
    """A rule is answered where it does not apply, with a reason."""

    def test_it_silences_the_rule_below_a_scope(self):
        """
        And the report keeps who did, and why.
        """
        app = App()
        Rules.apply_to(app)
        stack = Stack(app, "Shop")
        subscribed(stack, by_alias=False)
        Rules.acknowledge(stack, "alias-bound", reason="a demo of $LATEST")

        assert [] == reported(app)
        text = (Path(app.outdir) / "validation-report.json").read_text()
        assert "a demo of $LATEST" in text

    def test_cdk_s_own_way_does_the_same(self):
        """
        By the id that the report shows.
        """
        app = App()
        Rules.apply_to(app)
        stack = Stack(app, "Shop")
        role(stack, shared=True)
        Validations.of(stack).acknowledge(
            Acknowledgment(id="lambda-constructs::shared-role", reason="a test")
        )

        assert [] == reported(app)

    def test_that_of_a_practice_answers_the_rule_of_the_same_name(self, stack, worker):
        """
        What a construct has been told once need not be told again.
        """
        short = sqs.Queue(stack, "Queue", visibility_timeout=Duration.seconds(30))
        worker.add_event_source(SqsEventSource(short))
        Practice.SQS_VISIBILITY_TIMEOUT.acknowledge(worker, reason="short messages")

        assert [] == reported(stack.node.root)

    @pytest.mark.parametrize(
        ("rule", "reason", "words"),
        [
            (
                "alias-bond",
                "x",
                "takes the id of a rule, got 'alias-bond'; did you",
            ),
            (
                "alias-bound",
                " ",
                "acknowledging lambda-constructs::alias-bound needs",
            ),
            ("policy-size", "x", "policy-size cannot be acknowledged, since AWS would"),
        ],
    )
    def test_fails_if_nothing_would_be_answered(self, stack, rule, reason, words):
        """
        A typing error would silence nothing, and a wrong size deploy nothing.
        """
        with pytest.raises(ConfigurationError, match=words):
            Rules.acknowledge(stack, rule, reason=reason)


def test_an_app_with_a_function_of_ours_is_checked_without_a_word():
    """
    Also what is not of ours in it.
    """
    app = App()
    stack = Stack(app, "Shop")
    make_function(stack)
    subscribed(stack, by_alias=False)

    assert ["alias-bound"] == [each["ruleName"] for each in reported(app)]


def test_what_somebody_said_is_no_secret_is_not_asked_again():
    """
    The reason is in the template, where the rule reads it.
    """
    given = NotSecret("pk_live_1", reason="every browser has it")

    assert [] == found(lambda s: make_function(s, environment={"STRIPE_TOKEN": given}))


def test_what_a_construct_has_warned_of_is_not_told_twice(stack, worker):
    """
    Its own words are better.
    """
    short = sqs.Queue(stack, "Queue", visibility_timeout=Duration.seconds(30))
    worker.add_event_source(SqsEventSource(short))

    assert [] == reported(stack.node.root)


def test_fails_if_a_second_function_takes_the_role(stack, worker):
    """
    It could do all that the first one may.
    """
    plain(stack, role=worker.role)

    with pytest.raises(RuntimeError, match="Shop/Worker/Function has the same role"):
        stack.node.root.synth()


@pytest.mark.parametrize("strength", ["strong", "weak"])
def test_fails_if_a_function_of_another_stack_takes_the_role(strength):
    """
    By whatever way the two stacks refer to each other.
    """
    app = App(context={"@aws-cdk/core:defaultCrossStackReferences": strength})
    worker = make_function(Stack(app, "Shop"))
    plain(Stack(app, "Other"), role=worker.role)

    with pytest.raises(RuntimeError, match="Shop/Worker/Function has the same role"):
        app.synth()


def test_nested_stacks_are_checked():
    """
    Their templates are assets of the outermost stack.
    """
    app = App()
    Rules.apply_to(app)
    subscribed(NestedStack(Stack(app, "Shop"), "Inner"), by_alias=False)

    (violation,) = reported(app)
    assert violation["violatingConstructs"][0]["constructPath"].startswith("Shop/Inner")


def test_fails_if_the_rules_are_applied_to_nothing():
    """
    It takes the app, or something in it.
    """
    with pytest.raises(ConfigurationError, match=r"apply_to\(\) takes an app"):
        Rules.apply_to("app")


def places(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Every place in a template."""
    yield path
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    if isinstance(inner, dict):
        for key, each in inner.items():
            yield from places(each, *path, key)


@pytest.mark.parametrize(
    "odd", [{"Fn::If": ["C", "x", {"Ref": "AWS::NoValue"}]}, None, [], [1], "x", 1, {}]
)
def test_a_template_of_another_shape_is_borne(odd):
    """
    A rule that fails would fail the synthesis of an app that is right.
    """
    stack = Stack(App(), "Shop")
    target = alias(stack, environment={"A": "b"})
    poll_queue(stack, target, queue(stack))
    subscribed_to = sns.Topic(stack, "Topic")
    subscribed_to.add_subscription(subscriptions.LambdaSubscription(target))
    resources = assertions.Template.from_stack(stack).to_json()["Resources"]

    for name, resource in resources.items():
        for path in places(resource.get("Properties", {})):
            changed = copy.deepcopy(resources)
            *above, last = (name, "Properties", *path)
            holder = changed
            for key in above:
                holder = holder[key]
            holder[last] = odd
            for rule in RULES:
                list(rule.check(Template(Path("Shop.template.json"), changed)))
