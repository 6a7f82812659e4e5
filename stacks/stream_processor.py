"""A processor of a data stream: clicks are counted by page and hour."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs import FailureDestination, LambdaFunction, Monitoring
from lambda_constructs.event_sources import KinesisEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class StreamProcessorStack(Stack):
    """Each click counts once; one that never can ends, as it was, in `Discarded`."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Clicks from a stream into counts")
        Monitoring(topic=on_call(self)).apply_to(self)

        counts = dynamodb.TableV2(
            self,
            "Counts",
            partition_key=dynamodb.Attribute(
                name="page", type=dynamodb.AttributeType.STRING
            ),
            sort_key=dynamodb.Attribute(
                name="hour", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        counted = dynamodb.TableV2(
            self,
            "Counted",
            partition_key=dynamodb.Attribute(
                name="id", type=dynamodb.AttributeType.STRING
            ),
            time_to_live_attribute="expiration",
            removal_policy=RemovalPolicy.DESTROY,
        )
        clicks = kinesis.Stream(
            self,
            "Clicks",
            encryption=kinesis.StreamEncryption.MANAGED,
            retention_period=Duration.days(3),
            shard_count=2,
        )
        discarded = s3.Bucket(
            self,
            "Discarded",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expiration=Duration.days(30),
                    noncurrent_version_expiration=Duration.days(1),
                )
            ],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
        )

        processor = LambdaFunction(
            self,
            "Processor",
            code=handler_code("stream_processor"),
            timeout=Duration.seconds(30),
            environment={
                "COUNTED_TABLE": counted.table_name,
                "COUNTS_TABLE": counts.table_name,
                "POWERTOOLS_SERVICE_NAME": "clicks",
            },
        )
        processor.allow("dynamodb:PutItem", on=counted)
        processor.allow("dynamodb:UpdateItem", on=counts)
        processor.add_event_source(
            KinesisEventSource(
                clicks,
                max_batching_window=Duration.seconds(1),
                on_failure=FailureDestination.bucket(discarded),
                parallelization_factor=2,
            )
        )
