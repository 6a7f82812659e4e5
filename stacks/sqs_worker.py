"""A worker behind a queue: orders arrive as messages and end in a table."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import SqsEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class SqsWorkerStack(Stack):
    """Each order is stored once; one that never can be ends in `Queue/DeadLetters`."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Orders from a queue into a table")
        Monitoring(topic=on_call(self)).apply_to(self)

        orders = dynamodb.TableV2(
            self,
            "Orders",
            partition_key=dynamodb.Attribute(
                name="order_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        idempotency = dynamodb.TableV2(
            self,
            "Idempotency",
            partition_key=dynamodb.Attribute(
                name="id", type=dynamodb.AttributeType.STRING
            ),
            time_to_live_attribute="expiration",
            removal_policy=RemovalPolicy.DESTROY,
        )
        queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )

        worker = LambdaFunction(
            self,
            "Worker",
            code=handler_code("sqs_worker"),
            timeout=Duration.seconds(10),
            environment={
                "IDEMPOTENCY_TABLE": idempotency.table_name,
                "ORDERS_TABLE": orders.table_name,
                "POWERTOOLS_SERVICE_NAME": "orders",
            },
        )
        worker.allow("dynamodb:PutItem", on=orders)
        worker.allow(
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            on=idempotency,
        )
        worker.add_event_source(SqsEventSource(queue, max_concurrency=20))
