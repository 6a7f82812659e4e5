"""Mail intake: what SES receives is kept whole, and its metadata in a table."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import SesEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class MailIntakeStack(Stack):
    """Each mail is stored as it came, and described once; spam is not opened.

    SES uses the rule set only when it is the active one of the Region, which
    CloudFormation cannot make it:
    `aws ses set-active-receipt-rule-set --rule-set-name NAME`.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Mail from SES into a bucket and table")
        Monitoring(topic=on_call(self)).apply_to(self)

        mails = s3.Bucket(
            self,
            "Mails",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expiration=Duration.days(365),
                    noncurrent_version_expiration=Duration.days(30),
                )
            ],
            versioned=True,
        )
        messages = dynamodb.TableV2(
            self,
            "Messages",
            partition_key=dynamodb.Attribute(
                name="message_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        rules = ses.ReceiptRuleSet(self, "Rules")

        intake = LambdaFunction(
            self,
            "Intake",
            code=handler_code("mail_intake"),
            timeout=Duration.seconds(60),
            memory_size=1024,  # a mail of 40 MB is in memory several times
            environment={
                "MAILS_BUCKET": mails.bucket_name,
                "MESSAGES_TABLE": messages.table_name,
                "POWERTOOLS_SERVICE_NAME": "mail",
            },
        )
        intake.allow("s3:GetObject", on=mails)
        intake.allow("dynamodb:PutItem", on=messages)
        intake.add_event_source(
            SesEventSource(rules, bucket=mails, object_key_prefix="raw/")
        )
