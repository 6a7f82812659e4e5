"""Events of orders on a bus: whoever is interested listens, and none knows another."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import (
    AsyncInvoke,
    LambdaFunction,
    Monitoring,
    SuccessDestination,
)
from lambda_constructs.event_sources import EventBridgeEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class OrderEventsStack(Stack):
    """Each placed order is shipped once, and each large one earns its points once.

    The record of each shipment goes to `Shipped`. What a function could not process
    ends in its `Failures`; what never reached it, in its `RuleUndelivered`.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Events of orders, and who listens")
        Monitoring(topic=on_call(self)).apply_to(self)

        bus = events.EventBus(self, "Bus", description="What happens to orders")
        shipped = sqs.Queue(
            self,
            "Shipped",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        shipments = self._table("Shipments", "order_id")
        points = self._table("Points", "customer_id", "order_id")

        shipping = LambdaFunction(
            self,
            "Shipping",
            code=handler_code("order_events"),
            handler="shipping.handler",
            timeout=Duration.seconds(10),
            async_invoke=AsyncInvoke(on_success=SuccessDestination.queue(shipped)),
            environment={
                "POWERTOOLS_SERVICE_NAME": "shipping",
                "SHIPMENTS_TABLE": shipments.table_name,
            },
        )
        shipping.allow("dynamodb:PutItem", on=shipments)
        shipping.add_event_source(
            EventBridgeEventSource(
                events.EventPattern(
                    source=["shop.orders"], detail_type=["OrderPlaced"]
                ),
                event_bus=bus,
            )
        )

        loyalty = LambdaFunction(
            self,
            "Loyalty",
            code=handler_code("order_events"),
            handler="loyalty.handler",
            timeout=Duration.seconds(10),
            environment={
                "POINTS_TABLE": points.table_name,
                "POWERTOOLS_SERVICE_NAME": "loyalty",
            },
        )
        loyalty.allow("dynamodb:PutItem", on=points)
        loyalty.add_event_source(
            EventBridgeEventSource(
                events.EventPattern(
                    source=["shop.orders"],
                    detail_type=["OrderPlaced"],
                    detail={"total": events.Match.greater_than_or_equal(50)},
                ),
                event_bus=bus,
            )
        )

    def _table(self, id: str, key: str, sort: str | None = None) -> dynamodb.TableV2:
        text = dynamodb.AttributeType.STRING
        return dynamodb.TableV2(
            self,
            id,
            partition_key=dynamodb.Attribute(name=key, type=text),
            sort_key=dynamodb.Attribute(name=sort, type=text) if sort else None,
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
