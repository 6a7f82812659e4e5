"""The thumbnail of an image: by boto3 and Pillow alone."""

import io
import logging
import os
from typing import Any

import boto3
from PIL import Image, ImageOps

logger = logging.getLogger()
logger.setLevel(logging.INFO)
s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: Any) -> None:
    """Make a thumbnail of the object that the event tells of."""
    bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
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
    logger.info("thumbnail is stored", extra={"bytes": len(made.getvalue())})
