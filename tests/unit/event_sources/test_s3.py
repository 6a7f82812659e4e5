"""A bucket whose events invoke by EventBridge: what it gets, and what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Environment, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import ConfigurationError, Practice
from lambda_constructs.event_sources import S3EventSource
from lambda_constructs.event_sources._s3_events import EVENTS, event_pattern
from tests.unit.conftest import make_function, only, resources, statements

BUCKET = "AWS::S3::Bucket"
PERMISSION = "AWS::Lambda::Permission"
RULE = "AWS::Events::Rule"
ON_EVENT_BRIDGE = [each for each in EVENTS if EVENTS[each].detail_types]
E = s3.EventType


@pytest.fixture
def bucket(stack) -> s3.Bucket:
    return s3.Bucket(stack, "Files")


def pattern(events=(E.OBJECT_CREATED,), prefix=None, suffix=None):
    return event_pattern("files", events, prefix, suffix)


def warned(stack, practice: Practice) -> None:
    Annotations.from_stack(stack).has_warning(
        "/Shop/Worker", Match.string_like_regexp(f"ack: {practice.value}\\]")
    )


def not_warned(stack) -> None:
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        make_function(stack).add_event_source(S3EventSource(s3.Bucket(stack, "Files")))
        return stack

    def test_rule_matches_what_is_created_in_this_bucket(self, stack):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        """
        found = only(stack, RULE)["EventPattern"]

        assert ["aws.s3"] == found["source"]
        assert ["Object Created"] == found["detail-type"]
        assert {"bucket"} == found["detail"].keys()
        assert "Files" in found["detail"]["bucket"]["name"][0]["Ref"]

    def test_bucket_tells_event_bridge_without_a_custom_resource(self, stack):
        """
        CDK's event_bridge_enabled adds a function to set this property.
        """
        assert {"EventBridgeConfiguration": {"EventBridgeEnabled": True}} == (
            only(stack, BUCKET)["NotificationConfiguration"]
        )
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))
        assert {} == resources(stack, "Custom::S3BucketNotifications")

    def test_target_is_the_live_alias(self, stack):
        """
        Never $LATEST.
        """
        (target,) = only(stack, RULE)["Targets"]

        assert "WorkerLive" in target["Arn"]["Ref"]
        assert "ENABLED" == only(stack, RULE)["State"]

    def test_rule_alone_may_invoke(self, stack):
        """
        Its ARN names the account too.
        """
        permission = only(stack, PERMISSION)

        assert "events.amazonaws.com" == permission["Principal"]
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        rule = permission["SourceArn"]["Fn::GetAtt"][0]
        assert rule in resources(stack, RULE)

    def test_what_is_not_delivered_is_kept(self, stack):
        """
        In another queue than what was delivered and then failed.
        """
        (target,) = only(stack, RULE)["Targets"]
        config = only(stack, "AWS::Lambda::EventInvokeConfig")

        assert "Undelivered" in str(target["DeadLetterConfig"]["Arn"])
        assert {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185} == (
            target["RetryPolicy"]
        )
        assert "WorkerFailures" in str(config["DestinationConfig"]["OnFailure"])

    def test_function_may_do_nothing_more(self, stack):
        """
        What it reads is granted by whoever lets it read.
        """
        assert "s3:" not in str(statements(stack))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        not_warned(stack)


class TestOptions:
    def test_delivery(self, stack, bucket, worker):
        """
        Retries, age and the queue of the rule.
        """
        dead = sqs.Queue(stack, "Dead")
        rule = worker.add_event_source(
            S3EventSource(
                bucket,
                dead_letter_queue=dead,
                enabled=False,
                max_event_age=Duration.hours(1),
                retry_attempts=3,
            )
        )

        properties = only(stack, RULE)
        (target,) = properties["Targets"]
        assert "Shop/Worker/S3-Files" == rule.node.path
        assert "DISABLED" == properties["State"]
        assert "Dead" in str(target["DeadLetterConfig"]["Arn"])
        assert {"MaximumEventAgeInSeconds": 3_600, "MaximumRetryAttempts": 3} == (
            target["RetryPolicy"]
        )

    @pytest.mark.parametrize(
        ("options", "key"),
        [
            ({"prefix": "in/"}, {"prefix": "in/"}),
            ({"suffix": ".png"}, {"suffix": ".png"}),
            ({"prefix": "a b\\", "suffix": ".png"}, {"wildcard": "a b\\\\*.png"}),
        ],
    )
    def test_keys_are_matched_to_the_letter(self, options, key):
        """
        Two operators in a list would be alternatives; nothing is URL-encoded.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        """
        assert {"key": [key]} == pattern(**options)["detail"]["object"]

    @pytest.mark.parametrize("event", ON_EVENT_BRIDGE)
    def test_each_event_is_matched_by_its_other_name(self, event):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
        """
        found = pattern([event])

        assert list(EVENTS[event].detail_types) == found["detail-type"]
        assert EVENTS[event].detail.items() <= found["detail"].items()

    def test_what_expires_is_not_what_is_removed(self):
        """
        EventBridge calls both deleted; S3's ObjectRemoved is the first alone.
        """
        found = pattern([E.OBJECT_REMOVED])

        assert ["Object Deleted"] == found["detail-type"]
        assert ["DeleteObject"] == found["detail"]["reason"]

    def test_kinds_that_differ_are_alternatives(self):
        """
        Else a reason of one would be asked of the other, which has none.
        """
        kinds = [E.OBJECT_REMOVED, E.OBJECT_TAGGING, E.OBJECT_CREATED]

        found = pattern(kinds, prefix="in/")

        removed, others = found["$or"]
        assert ["Object Deleted"] == removed["detail-type"]
        assert ["DeleteObject"] == removed["detail"]["reason"]
        assert ["Object Tags Added", "Object Tags Deleted", "Object Created"] == (
            others["detail-type"]
        )
        for each in found["$or"]:
            assert {"bucket", "object"} <= each["detail"].keys()

    def test_all_of_cdk_s_events_are_known(self):
        """
        What EventBridge is not told of, notifications know.
        """
        assert set(E) == set(EVENTS)
        assert 6 == len(EVENTS) - len(ON_EVENT_BRIDGE)

    def test_tokens_pass(self, bucket):
        """
        What is not known at synthesis cannot be checked.
        """
        prefix = Token.as_string({"Ref": "Prefix"})
        source = S3EventSource(bucket, prefix=prefix, retry_attempts=Token.as_number(1))

        assert {"key": [{"prefix": source.prefix}]} == (
            pattern(prefix=source.prefix)["detail"]["object"]
        )


class TestTogether:
    def test_two_buckets_on_one_function(self, stack, bucket, worker):
        """
        Each has a rule, a queue and a permission of its own.
        """
        worker.add_event_source(S3EventSource(bucket))
        worker.add_event_source(S3EventSource(s3.Bucket(stack, "More")))

        assert 2 == len(resources(stack, RULE))
        assert 2 == len(resources(stack, PERMISSION))
        assert 3 == len(worker.failure_queues)

    def test_two_of_one_bucket_have_ids(self, stack, bucket, worker):
        """
        Uploads and removals may concern other keys.
        """
        worker.add_event_source(S3EventSource(bucket, prefix="in/"))
        removed = S3EventSource(bucket, id="Removed", events=[E.OBJECT_REMOVED])
        worker.add_event_source(removed)

        assert 2 == len(resources(stack, RULE))

    def test_fails_if_two_of_one_bucket_have_one_id(self, bucket, worker):
        """
        They could not be told apart.
        """
        worker.add_event_source(S3EventSource(bucket))

        with pytest.raises(ConfigurationError, match="pass a distinct id= to this one"):
            worker.add_event_source(S3EventSource(bucket))

    def test_a_bucket_of_another_stack_makes_no_cycle(self):
        """
        Even if the function reads it, and its name is in the environment.
        """
        app = App()
        bucket = s3.Bucket(Stack(app, "Data"), "Files")
        shop = Stack(app, "Shop")
        environment = {"FILES": bucket.bucket_name}
        worker = make_function(shop, environment=environment)
        worker.add_event_source(S3EventSource(bucket))
        worker.allow("s3:GetObject", on=bucket)

        app.synth()

        assert [] == [each.node.path for each in Stack.of(bucket).dependencies]
        assert only(Stack.of(bucket), BUCKET)["NotificationConfiguration"]
        assert 1 == len(resources(shop, RULE))

    def test_many_functions_share_a_bucket_and_its_keys(self, stack, bucket, worker):
        """
        Notifications would refuse filters that overlap.
        """
        worker.add_event_source(S3EventSource(bucket))
        make_function(stack, "Other").add_event_source(S3EventSource(bucket))

        assert 2 == len(resources(stack, RULE))

    def test_notifications_of_the_bucket_remain(self, stack, bucket, worker):
        """
        EventBridge is switched on beside them.
        """
        kinds = s3.CfnBucket
        bucket.node.default_child.notification_configuration = (
            kinds.NotificationConfigurationProperty(
                queue_configurations=[
                    kinds.QueueConfigurationProperty(
                        event="s3:ObjectRemoved:*", queue="arn:aws:sqs:x:1:q"
                    )
                ]
            )
        )

        worker.add_event_source(S3EventSource(bucket))

        assert {"EventBridgeConfiguration", "QueueConfigurations"} == (
            only(stack, BUCKET)["NotificationConfiguration"].keys()
        )

    def test_cdk_s_custom_resource_switches_event_bridge_on(self, stack, worker):
        """
        It would replace what the template says.
        """
        bucket = s3.Bucket(stack, "Files")
        queue = notifications.SqsDestination(sqs.Queue(stack, "Queue"))
        bucket.add_event_notification(E.OBJECT_REMOVED, queue)

        worker.add_event_source(S3EventSource(bucket))

        custom = only(stack, "Custom::S3BucketNotifications")
        assert "EventBridgeConfiguration" in custom["NotificationConfiguration"]
        (made,) = resources(stack, BUCKET).values()
        assert "Properties" not in made

    def test_fails_if_cdk_s_custom_resource_comes_later(self, stack, bucket, worker):
        """
        Then EventBridge would be off again.
        """
        worker.add_event_source(S3EventSource(bucket))
        queue = notifications.SqsDestination(sqs.Queue(stack, "Queue"))
        bucket.add_event_notification(E.OBJECT_REMOVED, queue)

        with pytest.raises(RuntimeError, match="after its event source, whose"):
            Template.from_stack(stack)


class TestValues:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"prefix": "images/*"},
                "prefix must be literal, got 'images/\\*'; S3 has no wildcards",
            ),
            ({"suffix": ""}, "suffix must be 1 to 1,024 characters, got 0"),
            ({"suffix": "x" * 1_025}, "suffix must be 1 to 1,024 .* got 1,025"),
            ({"prefix": 3}, "prefix must be text, got 3 \\(int\\)"),
            ({"events": []}, "events must be a list of s3.EventType, got \\[\\]"),
            ({"events": E.OBJECT_CREATED}, "events must be a list of s3.EventType"),
            ({"events": ["s3:ObjectCreated:*"]}, "events must be a list of"),
            (
                {"events": [E.OBJECT_CREATED, E.OBJECT_CREATED_PUT]},
                "must not name s3:ObjectCreated:Put twice",
            ),
            (
                {"events": [E.OBJECT_CREATED, E.OBJECT_CREATED]},
                "must not name s3:ObjectCreated:\\* twice",
            ),
            (
                {"events": [E.REPLICATION]},
                "got s3:Replication:\\*; use S3NotificationEventSource",
            ),
            ({"retry_attempts": 186}, "retry_attempts must be between 0 and 185"),
            ({"retry_attempts": -1}, "retry_attempts must be between 0 and 185"),
            (
                {"max_event_age": Duration.seconds(59)},
                "max_event_age must be between 60 and 86,400 s, got 59 s",
            ),
            (
                {"max_event_age": Duration.seconds(86_401)},
                "max_event_age must be between 60 and 86,400 s, got 86,401 s",
            ),
            ({"dead_letter_queue": "q"}, "dead_letter_queue must be an SQS queue"),
        ],
    )
    def test_fails_if_it_cannot_work(self, bucket, options, message):
        """
        Where it is written, not when it is deployed.
        """
        with pytest.raises(ConfigurationError, match=message):
            S3EventSource(bucket, **options)

    def test_fails_if_it_is_no_bucket(self):
        """
        A name is not enough to switch EventBridge on.
        """
        with pytest.raises(ConfigurationError, match="bucket must be an S3 bucket"):
            S3EventSource("files")  # type: ignore[arg-type]

    def test_bounds_are_allowed(self, bucket):
        """
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
        """
        S3EventSource(bucket, retry_attempts=0, max_event_age=Duration.minutes(1))
        S3EventSource(bucket, prefix="x" * 1_024, max_event_age=Duration.days(1))


class TestPlace:
    def test_fails_if_the_bucket_is_in_another_region(self):
        """
        EventBridge of its Region is told, and no other.
        """
        app = App()
        there = Stack(app, "There", env=Environment(region="us-east-1", account="1"))
        here = Stack(app, "Shop", env=Environment(region="eu-west-1", account="1"))

        with pytest.raises(ConfigurationError, match="Region eu-west-1, got us-east-1"):
            make_function(here).add_event_source(
                S3EventSource(s3.Bucket(there, "Files"))
            )

    def test_fails_if_the_bucket_is_in_another_account(self):
        """
        EventBridge of its account is told, and no other.
        """
        here = Stack(App(), "Shop", env=Environment(region="eu-west-1", account="1"))
        bucket = s3.Bucket.from_bucket_attributes(
            here, "Files", bucket_name="files", account="2"
        )

        with pytest.raises(ConfigurationError, match="account 1, got 2"):
            make_function(here).add_event_source(S3EventSource(bucket))

    def test_warns_of_an_imported_bucket(self, stack, worker):
        """
        EventBridge may be off where it is defined.
        """
        bucket = s3.Bucket.from_bucket_name(stack, "Files", "files")

        worker.add_event_source(S3EventSource(bucket))

        warned(stack, Practice.S3_IMPORTED_BUCKET)
        detail = only(stack, RULE)["EventPattern"]["detail"]
        assert {"name": ["files"]} == detail["bucket"]


def by_keys(*keys: str):
    """Write to these keys of the bucket."""
    return lambda bucket: [
        iam.PolicyStatement(
            actions=["s3:PutObject"], resources=[bucket.arn_for_objects(each)]
        )
        for each in keys
    ]


def by_action(*actions: str, on: str = "*"):
    """Call these on the bucket's objects, or on anything."""
    return lambda bucket: [
        iam.PolicyStatement(
            actions=[*actions], resources=[on if on else bucket.arn_for_objects("*")]
        )
    ]


IN = {"prefix": "in/", "suffix": ".png"}
SETS_ITSELF_OFF = {
    "ByAction": ({}, by_action("s3:PutObject", on="")),
    "ByAnything": ({}, by_action("s3:*")),
    "ByWildcard": ({}, by_action("s3:Put*", on="")),
    "ByCopying": (
        {"events": [E.OBJECT_CREATED_COPY]},
        by_action("s3:PutObject", on=""),
    ),
    "ByDeleting": (
        {"events": [E.OBJECT_REMOVED]},
        by_action("s3:DeleteObject", on=""),
    ),
    "ByTagging": (
        {"events": [E.OBJECT_TAGGING_PUT]},
        by_action("s3:PutObjectTagging", on=""),
    ),
    "BySharing": ({"events": [E.OBJECT_ACL_PUT]}, by_action("s3:PutObjectAcl", on="")),
    "InAnyKey": (IN, by_keys("*")),
    "InAPart": (IN, by_keys("in/new/*")),
    "InAWiderPart": (IN, by_keys("i*")),
    "InOneKey": (IN, by_keys("in/a.png")),
}
IS_HARMLESS = {
    "ByReading": ({}, by_action("s3:GetObject", on="")),
    "ByDeletingWhatItMade": ({}, by_action("s3:DeleteObject", on="")),
    "InAnotherBucket": ({}, by_action("s3:PutObject", on="arn:aws:s3:::other/*")),
    "BesideTheKeys": (IN, by_keys("out/*", "in/*.txt", "in/a.txt")),
    "ByExpiry": ({"events": [E.LIFECYCLE_EXPIRATION]}, by_action("s3:*")),
}


class TestRecursion:
    @pytest.fixture(scope="class")
    @classmethod
    def warned(cls) -> set[str]:
        stack = Stack(App(), "Shop")
        bucket = s3.Bucket(stack, "Files")
        for id, (options, grants) in {**SETS_ITSELF_OFF, **IS_HARMLESS}.items():
            worker = make_function(stack, id)
            worker.add_event_source(S3EventSource(bucket, **options))
            # After the source: it is looked at when all is known.
            worker.policy.add_statements(*grants(bucket))
        imported = s3.Bucket.from_bucket_name(stack, "Imported", "files")
        worker = make_function(stack, "ByName")
        worker.add_event_source(S3EventSource(imported))
        worker.allow("s3:PutObject", on=imported)
        Template.from_stack(stack)
        return {
            each.node.id
            for each in stack.node.children
            if any("invokes it again" in str(said.data) for said in each.node.metadata)
        }

    @pytest.mark.parametrize("id", [*SETS_ITSELF_OFF, "ByName"])
    def test_warns_if_a_grant_lets_it_set_itself_off(self, warned, id):
        """
        It would go on without end.
        """
        assert id in warned

    @pytest.mark.parametrize("id", IS_HARMLESS)
    def test_is_not_warned_of_what_comes_not_back(self, warned, id):
        """
        Another action, another bucket, a key that the filter leaves out.
        """
        assert id not in warned
