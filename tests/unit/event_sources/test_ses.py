"""A receipt rule that invokes: what it gets, what it may, and what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match
from aws_cdk.aws_ses_actions import LambdaInvocationType

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import SesEventSource
from tests.unit.conftest import make_function, only, resources, statements

RULE = "AWS::SES::ReceiptRule"
PERMISSION = "AWS::Lambda::Permission"
WAITS = LambdaInvocationType.REQUEST_RESPONSE


@pytest.fixture
def rule_set(stack) -> ses.ReceiptRuleSet:
    return ses.ReceiptRuleSet(stack, "Rules")


def flat(arn) -> str:
    parts = arn["Fn::Join"][1]
    return "".join(each if isinstance(each, str) else each["Ref"] for each in parts)


def not_warned(stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(
            SesEventSource(ses.ReceiptRuleSet(stack, "Rules"))
        )
        return stack

    def test_rule_invokes_the_live_alias_and_does_not_wait(self, stack):
        """
        Never $LATEST.
        """
        (action,) = only(stack, RULE)["Rule"]["Actions"]

        assert "WorkerLive" in action["LambdaAction"]["FunctionArn"]["Ref"]
        assert "Event" == action["LambdaAction"]["InvocationType"]

    def test_mail_comes_by_tls_and_is_scanned(self, stack):
        """
        SES's own defaults are neither, and a rule that is off.
        """
        rule = only(stack, RULE)["Rule"]

        assert ("Require", True, True) == (
            rule["TlsPolicy"],
            rule["ScanEnabled"],
            rule["Enabled"],
        )
        assert "Recipients" not in rule

    def test_this_rule_of_this_account_alone_may_invoke(self, stack):
        """
        CDK leaves the rule out; its name is known, since a permission comes first.

        https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
        """
        permission, rule = only(stack, PERMISSION), only(stack, RULE)
        name = rule["Rule"]["Name"]
        rule_set = rule["RuleSetName"]["Ref"]

        assert "ses.amazonaws.com" == permission["Principal"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
        assert (
            f"arn:AWS::Partition:ses:AWS::Region:AWS::AccountId:"
            f"receipt-rule-set/{rule_set}:receipt-rule/{name}"
        ) == flat(permission["SourceArn"])
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert len(name) <= 64

    def test_rule_waits_for_the_permission(self, stack):
        """
        SES tries it when it gets the rule.
        """
        ((_, rule),) = resources(stack, RULE).items()

        assert list(resources(stack, PERMISSION)) == rule["DependsOn"]

    def test_what_fails_is_kept_and_nothing_is_granted(self, stack):
        """
        The function may do no more than before.
        """
        config = only(stack, "AWS::Lambda::EventInvokeConfig")

        assert "WorkerFailures" in str(config["DestinationConfig"]["OnFailure"])
        assert "ses:" not in str(statements(stack))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        not_warned(stack)

    def test_nothing_activates_the_set(self, stack):
        """
        CloudFormation cannot, and no custom resource pretends that it can.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        key = kms.Key(stack, "Key")
        bucket = s3.Bucket(stack, "Mails", encryption_key=key)
        topic = sns.Topic(stack, "Told", master_key=kms.Key(stack, "TopicKey"))
        rules = ses.ReceiptRuleSet(stack, "Rules")
        first = ses.CfnReceiptRule(
            stack,
            "First",
            rule_set_name=rules.receipt_rule_set_name,
            rule=ses.CfnReceiptRule.RuleProperty(name="first"),
        )
        worker = make_function(stack)
        worker.add_event_source(
            SesEventSource(
                rules,
                after=first,
                bucket=bucket,
                enabled=False,
                invocation_type=WAITS,
                object_key_prefix="raw/",
                recipients=["a@example.com", "example.org", ".example.net"],
                scan_enabled=False,
                tls_policy=ses.TlsPolicy.OPTIONAL,
                topic=topic,
            )
        )
        return stack

    @pytest.fixture
    def mine(self, stack):
        (rule,) = [
            each
            for logical_id, each in resources(stack, RULE).items()
            if logical_id.startswith("Worker")
        ]
        return rule

    def test_all_reach_the_rule(self, mine):
        """
        In the order of AWS's own documentation.
        """
        rule = mine["Properties"]["Rule"]

        assert "First" in mine["Properties"]["After"]["Ref"]
        assert (False, False, "Optional") == (
            rule["Enabled"],
            rule["ScanEnabled"],
            rule["TlsPolicy"],
        )
        assert ["a@example.com", "example.org", ".example.net"] == rule["Recipients"]

    def test_mail_is_stored_before_the_function_is_invoked(self, mine):
        """
        The event has no body.
        """
        store, invoke = mine["Properties"]["Rule"]["Actions"]

        assert "Mails" in store["S3Action"]["BucketName"]["Ref"]
        assert "raw/" == store["S3Action"]["ObjectKeyPrefix"]
        assert "RequestResponse" == invoke["LambdaAction"]["InvocationType"]
        assert "Told" in invoke["LambdaAction"]["TopicArn"]["Ref"]

    def test_this_rule_alone_may_store_there(self, stack, mine):
        """
        https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
        """
        (policy,) = resources(stack, "AWS::S3::BucketPolicy")
        (statement,) = only(stack, "AWS::S3::BucketPolicy")["PolicyDocument"][
            "Statement"
        ]
        name = mine["Properties"]["Rule"]["Name"]

        assert "s3:PutObject" == statement["Action"]
        assert {"Service": "ses.amazonaws.com"} == statement["Principal"]
        assert "/raw/*" == statement["Resource"]["Fn::Join"][1][-1]
        condition = statement["Condition"]
        account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert account == condition["StringEquals"]
        arn = flat(condition["ArnLike"]["aws:SourceArn"])
        assert arn.endswith(f":receipt-rule/{name}")
        assert policy in mine["DependsOn"]

    @pytest.mark.parametrize(
        ("key", "actions"),
        [
            ("Key", "kms:GenerateDataKey"),
            ("TopicKey", ["kms:Decrypt", "kms:GenerateDataKey"]),
        ],
    )
    def test_it_may_use_the_keys(self, stack, key, actions):
        """
        Or it could neither store nor tell.
        """
        (policy,) = [
            each["Properties"]["KeyPolicy"]["Statement"]
            for logical_id, each in resources(stack, "AWS::KMS::Key").items()
            if logical_id[:-8] == key
        ]

        assert actions == policy[-1]["Action"]
        assert {"Service": "ses.amazonaws.com"} == policy[-1]["Principal"]
        assert {"ArnLike", "StringEquals"} == policy[-1]["Condition"].keys()

    def test_what_is_waited_for_has_no_failure_store(self, stack):
        """
        SES hears of the failure.
        """
        assert {} == resources(stack, "AWS::Lambda::EventInvokeConfig")


def test_two_on_one_function(stack, rule_set, worker):
    """
    Each names itself, and its rule.
    """
    worker.add_event_source(SesEventSource(rule_set))
    worker.add_event_source(SesEventSource(rule_set, id="Other mail"))

    names = {
        each["Properties"]["Rule"]["Name"] for each in resources(stack, RULE).values()
    }
    assert 2 == len(names)
    assert 2 == len(resources(stack, PERMISSION))
    with pytest.raises(ConfigurationError, match="pass a distinct id= to this one"):
        worker.add_event_source(SesEventSource(rule_set))


def test_a_bucket_of_another_stack_makes_no_cycle():
    """
    Its policy names the rule, which names the bucket: so by name, not by reference.
    """
    app = App()
    data, shop = Stack(app, "Data"), Stack(app, "Shop")
    bucket = s3.Bucket(data, "Mails")
    source = SesEventSource(ses.ReceiptRuleSet(shop, "Rules"), bucket=bucket)
    make_function(shop).add_event_source(source)

    app.synth()

    (statement,) = only(data, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    arn = flat(statement["Condition"]["ArnLike"]["aws:SourceArn"])
    name = only(shop, RULE)["Rule"]["Name"]
    assert arn.endswith(f":receipt-rule-set/*:receipt-rule/{name}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recipients": "example.com"}, "recipients must be a list"),
        ({"recipients": ["*@example.com"]}, "got '\\*@example.com'; SES has no wild"),
        ({"recipients": ["example"]}, "each be an address, a domain"),
        ({"recipients": [None]}, "each be an address, a domain"),
        ({"recipients": ["a.example"] * 501}, "at most 500, got 501"),
        ({"object_key_prefix": "raw/"}, "object_key_prefix needs a bucket"),
        ({"bucket": "mails"}, "bucket must be an S3 bucket, got 'mails'"),
        ({"topic": "told"}, "topic must be an SNS topic, got 'told'"),
        ({"after": "first"}, "after must be a receipt rule, got 'first'"),
        ({"enabled": 1}, "enabled must be True or False, got 1"),
        ({"scan_enabled": "no"}, "scan_enabled must be True or False"),
        ({"tls_policy": "Require"}, "tls_policy must be a TlsPolicy"),
        ({"invocation_type": "Event"}, "invocation_type must be a LambdaInvocation"),
    ],
)
def test_fails_if_it_cannot_work(rule_set, options, message):
    """
    Where it is written, not when it is deployed.
    """
    with pytest.raises(ConfigurationError, match=message):
        SesEventSource(rule_set, **options)


def test_fails_if_it_is_no_rule_set():
    """
    A name is not enough.
    """
    with pytest.raises(ConfigurationError, match="rule_set must be a receipt rule set"):
        SesEventSource("rules")  # type: ignore[arg-type]


def test_fails_if_a_prefix_has_a_wildcard(stack, rule_set):
    """
    It would widen what SES may write.
    """
    bucket = s3.Bucket(stack, "Mails")

    with pytest.raises(ConfigurationError, match="object_key_prefix must be literal"):
        SesEventSource(rule_set, bucket=bucket, object_key_prefix="raw*")


def test_fails_if_the_bucket_is_imported(stack, rule_set, worker):
    """
    CDK would drop the statement that SES needs, without a word.
    """
    bucket = s3.Bucket.from_bucket_name(stack, "Mails", "mails")

    with pytest.raises(ConfigurationError, match="bucket must be defined here"):
        worker.add_event_source(SesEventSource(rule_set, bucket=bucket))


def test_bucket_and_topic_with_keys_may_be_of_another_stack(stack, rule_set, worker):
    """
    Their policies name no rule set: the stacks would then depend on each other.
    """
    theirs = Stack(stack.node.scope, "Theirs")
    key = kms.Key(theirs, "Key")

    worker.add_event_source(
        SesEventSource(
            rule_set,
            bucket=s3.Bucket(theirs, "Mails", encryption_key=key),
            topic=sns.Topic(theirs, "Told", master_key=key),
        )
    )

    assert 1 == len(resources(stack, RULE))
    *_, store, publish = only(theirs, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    for each in (store, publish):
        assert "rule-set/*:receipt-rule/" in str(each["Condition"]["ArnLike"])


@pytest.mark.parametrize("seconds", [31, 900])
def test_fails_if_ses_does_not_wait_as_long(stack, rule_set, seconds):
    """
    https://docs.aws.amazon.com/ses/latest/APIReference/API_LambdaAction.html
    """
    worker = make_function(stack, timeout=Duration.seconds(seconds))

    with pytest.raises(ConfigurationError, match=f"1 and 30 s, got {seconds} s"):
        worker.add_event_source(SesEventSource(rule_set, invocation_type=WAITS))


def test_thirty_seconds_are_allowed_and_more_if_it_does_not_wait(stack, rule_set):
    """
    The limit is of the answer.
    """
    half = make_function(stack, "Half", timeout=Duration.seconds(30))
    long = make_function(stack, "Long", timeout=Duration.minutes(15))

    half.add_event_source(SesEventSource(rule_set, invocation_type=WAITS))
    long.add_event_source(SesEventSource(rule_set))

    assert 2 == len(resources(stack, RULE))


@pytest.mark.parametrize(("region", "warns"), [("eu-west-1", False), ("x-1", True)])
def test_warns_of_a_region_where_ses_receives_nothing(region, warns):
    """
    As far as the Region is known.
    """
    stack = Stack(App(), "Shop", env=Environment(region=region))
    worker = make_function(stack)
    worker.add_event_source(SesEventSource(ses.ReceiptRuleSet(stack, "Rules")))

    if warns:
        Annotations.from_stack(stack).has_warning(
            "/Shop/Worker", Match.string_like_regexp(Practice.SES_REGION.value)
        )
    else:
        not_warned(stack)


def test_tokens_pass(stack, rule_set, worker):
    """
    What is not known at synthesis cannot be checked.
    """
    domain = Token.as_string({"Ref": "Domain"})

    worker.add_event_source(SesEventSource(rule_set, recipients=[domain]))

    assert [{"Ref": "Domain"}] == only(stack, RULE)["Rule"]["Recipients"]
