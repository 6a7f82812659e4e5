"""Amazon Data Firehose."""

from __future__ import annotations

from lambda_constructs.testing._firehose import DeliveryStreamState
from lambda_constructs.testing._resources._create import Create, Created, Request

DESTINATION = "ExtendedS3DestinationConfiguration"
COMPRESSIONS = ("GZIP", "UNCOMPRESSED")
SETTINGS = ("DataFormatConversionConfiguration", "S3BackupConfiguration")


def create_delivery_stream(request: Request) -> Created:
    """Create a delivery stream to S3 that producers put to directly."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("DeliveryStreamName"))
    attributes = {"Arn": request.arn("firehose", f"deliverystream/{name}")}
    kind = properties.get("DeliveryStreamType", "DirectPut")
    config = properties.get(DESTINATION) or properties.get("S3DestinationConfiguration")
    if kind != "DirectPut" or config is None:
        account.note_unmodelled(request, f"{kind} delivery stream to other than S3")
        return Created(name, attributes)
    types = [
        each["Type"]
        for each in config.get("ProcessingConfiguration", {}).get("Processors", [])
        if each["Type"] != "Lambda"
    ]
    types.extend(each for each in SETTINGS if each in config)
    if config.get("CompressionFormat", "UNCOMPRESSED") not in COMPRESSIONS:
        types.append(str(config["CompressionFormat"]))
    if types:
        account.note_unmodelled(request, ", ".join(types))
    account.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={
            key: config[key] for key in ("RoleARN", "BucketARN")
        },
    )
    state = DeliveryStreamState(account, request.path, name, config)
    account.delivery_streams[name] = state
    return Created(name, attributes)


CREATE: dict[str, Create] = {
    "AWS::KinesisFirehose::DeliveryStream": create_delivery_stream
}
