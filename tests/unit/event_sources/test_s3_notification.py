"""A bucket that invokes by its own notifications: what it needs, what cannot work."""

from __future__ import annotations

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import S3NotificationEventSource
from tests.unit.conftest import make_function, only, resources, statements

BUCKET = "AWS::S3::Bucket"
PERMISSION = "AWS::Lambda::Permission"
E = s3.EventType


@pytest.fixture
def bucket(stack) -> s3.Bucket:
    return s3.Bucket(stack, "Files", bucket_name="shop-files")


def told(stack):
    return only(stack, BUCKET)["NotificationConfiguration"]["LambdaConfigurations"]


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        bucket = s3.Bucket(stack, "Files", bucket_name="shop-files")
        make_function(stack).add_event_source(S3NotificationEventSource(bucket))
        return stack

    def test_bucket_invokes_the_live_alias_for_what_is_created(self, stack):
        """
        Never $LATEST.
        """
        (notification,) = told(stack)

        assert "s3:ObjectCreated:*" == notification["Event"]
        assert "WorkerLive" in notification["Function"]["Ref"]
        assert "Filter" not in notification

    def test_permission_is_the_bucket_s_of_this_account(self, stack):
        """
        Its ARN has no account: whoever re-created it would inherit the permission.

        https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
        """
        permission = only(stack, PERMISSION)

        assert "s3.amazonaws.com" == permission["Principal"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
        assert permission["SourceArn"]["Fn::Join"][1][-1] == ":s3:::shop-files"
        assert "WorkerLive" in permission["FunctionName"]["Ref"]

    def test_bucket_waits_for_the_permission_without_a_cycle(self, stack):
        """
        S3 asks for it when the bucket is made.
        """
        ((name, bucket),) = resources(stack, BUCKET).items()

        assert list(resources(stack, PERMISSION)) == bucket["DependsOn"]
        assert name not in str(only(stack, PERMISSION))

    def test_what_fails_is_kept(self, stack):
        """
        Lambda's own default is to drop it.
        """
        config = only(stack, "AWS::Lambda::EventInvokeConfig")

        assert "WorkerFailures" in str(config["DestinationConfig"]["OnFailure"])

    def test_there_is_no_custom_resource(self, stack):
        """
        CDK's add_event_notification() adds a function and a role.
        """
        assert 1 == len(resources(stack, "AWS::Lambda::Function"))
        assert "s3:" not in str(statements(stack))

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    def test_events_and_keys(self, stack, bucket, worker):
        """
        Filters are encoded as the keys of events are.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
        """
        worker.add_event_source(
            S3NotificationEventSource(
                bucket,
                events=[E.OBJECT_CREATED_PUT, E.REPLICATION],
                prefix="a b/ü/",
                suffix=".png",
            )
        )

        rules = [
            {"Name": "prefix", "Value": "a+b/%C3%BC/"},
            {"Name": "suffix", "Value": ".png"},
        ]
        assert [
            ("s3:ObjectCreated:Put", rules),
            ("s3:Replication:*", rules),
        ] == [(each["Event"], each["Filter"]["S3Key"]["Rules"]) for each in told(stack)]

    def test_what_the_bucket_has_remains(self, stack, bucket, worker):
        """
        The configuration is one property.
        """
        kinds = s3.CfnBucket
        bucket.node.default_child.notification_configuration = (
            kinds.NotificationConfigurationProperty(
                event_bridge_configuration=kinds.EventBridgeConfigurationProperty(
                    event_bridge_enabled=True
                ),
                queue_configurations=[
                    kinds.QueueConfigurationProperty(
                        event="s3:ObjectRemoved:*", queue="arn:aws:sqs:x:1:q"
                    )
                ],
            )
        )

        worker.add_event_source(S3NotificationEventSource(bucket))

        assert {
            "EventBridgeConfiguration",
            "LambdaConfigurations",
            "QueueConfigurations",
        } == only(stack, BUCKET)["NotificationConfiguration"].keys()

    def test_two_buckets_and_two_filters_on_one_function(self, stack, bucket, worker):
        """
        Each has a permission of its own.
        """
        more = s3.Bucket(stack, "More", bucket_name="shop-more")
        worker.add_event_source(S3NotificationEventSource(bucket, prefix="a/"))
        worker.add_event_source(S3NotificationEventSource(bucket, id="B", prefix="b/"))
        worker.add_event_source(S3NotificationEventSource(more))

        assert 3 == len(resources(stack, PERMISSION))


class TestOverlaps:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({}, {}),
            ({"prefix": "in/"}, {"prefix": "in/new/"}),
            ({"prefix": "in/"}, {"suffix": ".png"}),
            ({"suffix": ".png"}, {"suffix": "-small.png"}),
            ({"events": [E.OBJECT_CREATED_PUT]}, {"events": [E.OBJECT_CREATED]}),
        ],
    )
    def test_fails_if_an_object_could_concern_two(self, stack, bucket, first, second):
        """
        S3 refuses them when they are deployed; CDK does not.
        """
        make_function(stack).add_event_source(
            S3NotificationEventSource(bucket, **first)
        )

        with pytest.raises(ConfigurationError, match="overlaps and S3 refuses"):
            make_function(stack, "Other").add_event_source(
                S3NotificationEventSource(bucket, **second)
            )

    def test_fails_if_a_queue_is_told_of_the_same(self, bucket, worker):
        """
        Whoever is told.
        """
        kinds = s3.CfnBucket
        bucket.node.default_child.notification_configuration = (
            kinds.NotificationConfigurationProperty(
                queue_configurations=[
                    kinds.QueueConfigurationProperty(
                        event="s3:ObjectCreated:Put", queue="arn:aws:sqs:x:1:q"
                    )
                ]
            )
        )

        with pytest.raises(ConfigurationError, match="s3:ObjectCreated:Put for keys"):
            worker.add_event_source(S3NotificationEventSource(bucket))

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({"prefix": "in/"}, {"prefix": "out/"}),
            ({"suffix": ".png"}, {"suffix": ".jpg"}),
            (
                {"prefix": "in/", "suffix": ".png"},
                {"prefix": "in/", "suffix": ".jpg"},
            ),
            ({"events": [E.OBJECT_CREATED]}, {"events": [E.OBJECT_REMOVED]}),
            ({"events": [E.OBJECT_CREATED_PUT]}, {"events": [E.OBJECT_CREATED_POST]}),
        ],
    )
    def test_others_share_a_bucket(self, stack, bucket, first, second):
        """
        No object can concern both.
        """
        worker, other = make_function(stack), make_function(stack, "Other")
        worker.add_event_source(S3NotificationEventSource(bucket, **first))
        other.add_event_source(S3NotificationEventSource(bucket, **second))

        assert 2 == len(other.permissions) + len(worker.permissions)


class TestBucket:
    def test_fails_if_it_has_no_name(self, stack, worker):
        """
        The permission has to exist before it, and to name it alone.
        """
        with pytest.raises(ConfigurationError, match="pass bucket_name= to it, or use"):
            worker.add_event_source(
                S3NotificationEventSource(s3.Bucket(stack, "Nameless"))
            )

    def test_fails_if_it_is_imported(self, stack, worker):
        """
        Its configuration would be overwritten.
        """
        bucket = s3.Bucket.from_bucket_name(stack, "Files", "files")

        with pytest.raises(ConfigurationError, match="bucket must be defined here"):
            worker.add_event_source(S3NotificationEventSource(bucket))

    def test_fails_if_it_is_in_another_stack(self):
        """
        The stacks would depend on each other.
        """
        app = App()
        bucket = s3.Bucket(Stack(app, "Data"), "Files", bucket_name="files")

        with pytest.raises(ConfigurationError, match="must be in the function's stack"):
            make_function(Stack(app, "Shop")).add_event_source(
                S3NotificationEventSource(bucket)
            )

    def test_fails_if_it_is_in_another_region(self):
        """
        S3 invokes within its Region.
        """
        app = App()
        there = Stack(app, "There", env=Environment(region="us-east-1"))
        here = Stack(app, "Shop", env=Environment(region="eu-west-1"))

        with pytest.raises(ConfigurationError, match="Region eu-west-1, got us-east-1"):
            make_function(here).add_event_source(
                S3NotificationEventSource(s3.Bucket(there, "Files"))
            )

    def test_fails_if_cdk_sets_its_notifications(self, stack, bucket, worker):
        """
        CDK's custom resource replaces what the template says, whichever is first.
        """
        queue = notifications.SqsDestination(sqs.Queue(stack, "Queue"))
        other = s3.Bucket(stack, "Other", bucket_name="other")
        other.add_event_notification(E.OBJECT_REMOVED, queue)
        with pytest.raises(ConfigurationError, match="by add_event_notification"):
            worker.add_event_source(S3NotificationEventSource(other))

        worker.add_event_source(S3NotificationEventSource(bucket))
        bucket.add_event_notification(E.OBJECT_REMOVED, queue)
        with pytest.raises(RuntimeError, match="after its event source, whose"):
            Template.from_stack(stack)

    def test_fails_if_it_has_more_than_a_hundred(self, stack, bucket, worker):
        """
        https://docs.aws.amazon.com/general/latest/gr/s3.html
        """
        kinds = s3.CfnBucket
        bucket.node.default_child.notification_configuration = (
            kinds.NotificationConfigurationProperty(
                queue_configurations=[
                    kinds.QueueConfigurationProperty(
                        event="s3:ObjectRemoved:*",
                        queue="arn:aws:sqs:x:1:q",
                        filter=kinds.NotificationFilterProperty(
                            s3_key=kinds.S3KeyFilterProperty(
                                rules=[
                                    kinds.FilterRuleProperty(
                                        name="prefix", value=f"{number:03}"
                                    )
                                ]
                            )
                        ),
                    )
                    for number in range(100)
                ]
            )
        )

        with pytest.raises(ConfigurationError, match="at most 100 notifications, got"):
            worker.add_event_source(S3NotificationEventSource(bucket))
