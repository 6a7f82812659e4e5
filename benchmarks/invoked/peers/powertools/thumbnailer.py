"""The thumbnail of an image: as Powertools' documentation does it.

Its example of the data class of S3's events on EventBridge, with its Logger.
https://docs.aws.amazon.com/powertools/python/latest/utilities/data_classes/
"""

import io
import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import (
    S3EventBridgeNotificationEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from PIL import Image, ImageOps

logger = Logger()
s3 = boto3.client("s3")


@logger.inject_lambda_context
@event_source(data_class=S3EventBridgeNotificationEvent)
def handler(event: S3EventBridgeNotificationEvent, context: LambdaContext) -> None:
    """Make a thumbnail of the object that the event tells of."""
    bucket, key = event.detail.bucket.name, event.detail.object.key
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with Image.open(io.BytesIO(body)) as image:
        image.draft("RGB", (256, 256))
        small = ImageOps.exif_transpose(image)
        small.thumbnail((256, 256))
    made = io.BytesIO()
    small.convert("RGB").save(made, "WEBP", quality=80)
    s3.put_object(
        Bucket=os.environ["THUMBNAILS_BUCKET"],
        Key=f"{key}.webp",
        Body=made.getvalue(),
        ContentType="image/webp",
    )
    logger.info("thumbnail is stored", bytes=len(made.getvalue()))
