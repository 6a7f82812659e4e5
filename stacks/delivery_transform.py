"""A delivery stream into a lake: events are checked, and filed by type and day."""

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import FirehoseEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

# CDK's table of Firehose's networks, for destinations in a VPC, which are none here.
UNUSED_NETWORKS = "@aws-cdk--aws-kinesisfirehose.CidrBlocks"


class DeliveryTransformStack(Stack):
    """An event ends below `events/` of the lake; what is none ends below `failed/`.

    Heartbeats end nowhere. An event that was sent twice is there twice, with one id.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Events from a stream into a lake")
        Monitoring(topic=on_call(self)).apply_to(self)

        lake = s3.Bucket(
            self,
            "Lake",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    noncurrent_version_expiration=Duration.days(30),
                )
            ],
            versioned=True,
        )
        errors = logs.LogGroup(self, "Errors", retention=logs.RetentionDays.ONE_YEAR)

        transformer = LambdaFunction(
            self,
            "Transformer",
            code=handler_code("delivery_transform"),
            timeout=Duration.minutes(1),
            environment={"POWERTOOLS_SERVICE_NAME": "events"},
        )
        transformation = transformer.add_event_source(
            FirehoseEventSource(
                buffer_interval=Duration.seconds(60), buffer_size=Size.mebibytes(1)
            )
        )
        transformation.deliver_to(
            lake, prefixes=["events/", "failed/"], log_group=errors
        )
        firehose.DeliveryStream(
            self,
            "Stream",
            destination=firehose.S3Bucket(
                lake,
                buffering_interval=Duration.minutes(5),
                buffering_size=Size.mebibytes(128),
                compression=firehose.Compression.GZIP,
                data_output_prefix=(
                    "events/type=!{partitionKeyFromLambda:type}/"
                    "day=!{partitionKeyFromLambda:day}/"
                ),
                dynamic_partitioning=firehose.DynamicPartitioningProps(enabled=True),
                error_output_prefix=(
                    "failed/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
                ),
                logging_config=firehose.EnableLogging(errors),
                processors=[transformation],
                role=transformation.role,
            ),
            encryption=firehose.StreamEncryption.aws_owned_key(),
        )
        self.node.try_remove_child(UNUSED_NETWORKS)
