"""Data that comes with the stack: rows of a table, seeded by a custom resource."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import CloudFormationEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

ZONES = [
    {"zone": "domestic", "carrier": "post", "days": "1"},
    {"zone": "europe", "carrier": "post", "days": "3"},
    {"zone": "overseas", "carrier": "air", "days": "7"},
]


class SeedDataStack(Stack):
    """The rows of `Zones` are what the stack says; rows of others stay untouched."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="A table with rows of the stack's own")
        Monitoring(topic=on_call(self)).apply_to(self)

        zones = dynamodb.TableV2(
            self,
            "Zones",
            partition_key=dynamodb.Attribute(
                name="zone", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )

        seed = LambdaFunction(
            self,
            "Seed",
            code=handler_code("seed_data"),
            timeout=Duration.minutes(1),
            environment={"TABLE": zones.table_name},
        )
        seed.allow("dynamodb:DeleteItem", "dynamodb:PutItem", on=zones)
        seed.add_event_source(
            CloudFormationEventSource(
                "Custom::SeedRows", id="Rows", properties={"Rows": ZONES}
            )
        )
