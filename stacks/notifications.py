"""Order notifications: one topic, and three functions that each want some of them."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import SnsEventSource
from stacks._handlers import handler_code
from stacks._keys import customer_key
from stacks._on_call import on_call


class NotificationsStack(Stack):
    """A customer gets each mail once, and a large refund is looked at.

    Each mail has the token of a link to unsubscribe by, signed with `SigningKey`.
    `Archive` keeps every notification. What SNS cannot deliver to a function ends in
    its `Sns-Notifications-Undelivered`, and what a function fails in its `Failures`.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Order notifications, sent and kept")
        Monitoring(topic=on_call(self)).apply_to(self)

        key = customer_key(self, "Key")
        topic = sns.Topic(
            self,
            "Notifications",
            enforce_ssl=True,
            master_key=key,
        )
        outbox = dynamodb.TableV2(
            self,
            "Outbox",
            partition_key=dynamodb.Attribute(
                name="notification_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        reviews = sqs.Queue(
            self,
            "Reviews",
            fifo=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        archive = s3.Bucket(
            self,
            "Archive",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    noncurrent_version_expiration=Duration.days(30),
                )
            ],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            versioned=True,
        )

        mailer = LambdaFunction(
            self,
            "Mailer",
            code=handler_code("notifications"),
            handler="mailer.handler",
            timeout=Duration.seconds(10),
            environment={
                "OUTBOX_TABLE": outbox.table_name,
                "POWERTOOLS_SERVICE_NAME": "mailer",
            },
        )
        mailer.allow("dynamodb:PutItem", on=outbox)
        mailer.add_secret(signing_key(self, key), variable="SIGNING_KEY_ARN")
        mailer.add_event_source(
            SnsEventSource(topic, filter_policy={"kind": ["confirmed", "shipped"]})
        )

        reviewer = LambdaFunction(
            self,
            "Reviewer",
            code=handler_code("notifications"),
            handler="reviewer.handler",
            timeout=Duration.seconds(10),
            environment={
                "REVIEWS_QUEUE_URL": reviews.queue_url,
                "POWERTOOLS_SERVICE_NAME": "reviewer",
            },
        )
        reviewer.allow("sqs:SendMessage", on=reviews)
        reviewer.add_event_source(
            SnsEventSource(
                topic,
                filter_policy_with_message_body={
                    "kind": ["refunded"],
                    "total": [{"numeric": [">=", 500]}],
                },
            )
        )

        archivist = LambdaFunction(
            self,
            "Archivist",
            code=handler_code("notifications"),
            handler="archivist.handler",
            timeout=Duration.seconds(10),
            environment={
                "ARCHIVE_BUCKET": archive.bucket_name,
                "POWERTOOLS_SERVICE_NAME": "archivist",
            },
        )
        archivist.allow("s3:PutObject", on=archive)
        archivist.add_event_source(SnsEventSource(topic))


def signing_key(scope: Construct, key: kms.IKey) -> secretsmanager.Secret:
    """Make up a secret, which outlives the stack as the mails' links do."""
    return secretsmanager.Secret(
        scope,
        "SigningKey",
        description="Signs the links of mails to unsubscribe by",
        # By its ARN: CDK would let all of the account use the key through the service.
        encryption_key=kms.Key.from_key_arn(scope, "KeyOfSecrets", key.key_arn),
        generate_secret_string=secretsmanager.SecretStringGenerator(
            exclude_punctuation=True, password_length=64
        ),
        removal_policy=RemovalPolicy.RETAIN,
    )
