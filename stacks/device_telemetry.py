"""Telemetry of devices: IoT selects, a function judges, and an alert goes out."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import IotEventSource
from stacks._handlers import handler_code
from stacks._keys import customer_key
from stacks._on_call import on_call

# The device is who published, by the topic that its policy lets it publish to: what a
# payload says of it could be anything, and is not selected.
SQL = (
    "SELECT topic(2) AS device_id, timestamp() AS received_at, measured_at, celsius "
    "FROM 'devices/+/telemetry'"
)


class DeviceTelemetryStack(Stack):
    """Each reading is kept once, and the newest is a device's state.

    One that is none ends in `Recorder/Failures`, and one that IoT could not hand over
    in `Recorder/TopicRule/Undelivered`. Subscribe whoever is on duty to `Alerts`.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope, id, description="Telemetry of devices into tables, with alerts"
        )
        Monitoring(topic=on_call(self)).apply_to(self)

        devices = dynamodb.TableV2(
            self,
            "Devices",
            partition_key=dynamodb.Attribute(
                name="device_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        readings = dynamodb.TableV2(
            self,
            "Readings",
            partition_key=dynamodb.Attribute(
                name="device_id", type=dynamodb.AttributeType.STRING
            ),
            sort_key=dynamodb.Attribute(
                name="measured_at", type=dynamodb.AttributeType.NUMBER
            ),
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )
        alerts_key = customer_key(self, "AlertsKey")
        alerts = sns.Topic(
            self,
            "Alerts",
            enforce_ssl=True,
            master_key=alerts_key,
        )

        recorder = LambdaFunction(
            self,
            "Recorder",
            code=handler_code("device_telemetry"),
            timeout=Duration.seconds(15),
            environment={
                "ALERTS_TOPIC": alerts.topic_arn,
                "ALERT_ABOVE_CELSIUS": "80",
                "DEVICES_TABLE": devices.table_name,
                "POWERTOOLS_SERVICE_NAME": "telemetry",
                "READINGS_TABLE": readings.table_name,
            },
        )
        recorder.allow("dynamodb:UpdateItem", on=devices)
        recorder.allow("dynamodb:GetItem", "dynamodb:PutItem", on=readings)
        recorder.allow("sns:Publish", on=alerts)
        recorder.allow("kms:Decrypt", "kms:GenerateDataKey", on=alerts_key, via="sns")
        recorder.add_event_source(IotEventSource(SQL))
