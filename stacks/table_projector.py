"""A projector of a table: its changes become a second table, made for one question."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import DynamoDbEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class TableProjectorStack(Stack):
    """`OrdersByCustomer` follows `Orders`, change by change and each in its order."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Orders of a table by customer")
        Monitoring(topic=on_call(self)).apply_to(self)

        order_id = dynamodb.Attribute(
            name="order_id", type=dynamodb.AttributeType.STRING
        )
        orders = dynamodb.TableV2(
            self,
            "Orders",
            partition_key=order_id,
            deletion_protection=True,
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        by_customer = dynamodb.TableV2(
            self,
            "OrdersByCustomer",
            partition_key=dynamodb.Attribute(
                name="customer_id", type=dynamodb.AttributeType.STRING
            ),
            sort_key=order_id,
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        projected = dynamodb.TableV2(
            self,
            "Projected",
            partition_key=order_id,
            time_to_live_attribute="expiration",
            removal_policy=RemovalPolicy.DESTROY,
        )

        projector = LambdaFunction(
            self,
            "Projector",
            code=handler_code("table_projector"),
            timeout=Duration.seconds(30),
            environment={
                "ORDERS_BY_CUSTOMER_TABLE": by_customer.table_name,
                "POWERTOOLS_SERVICE_NAME": "orders-by-customer",
                "PROJECTED_TABLE": projected.table_name,
            },
        )
        projector.allow("dynamodb:DeleteItem", "dynamodb:PutItem", on=by_customer)
        projector.allow("dynamodb:PutItem", on=projected)
        projector.add_event_source(DynamoDbEventSource(orders))
