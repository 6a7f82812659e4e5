"""Make the thumbnail of an image in one bucket, and put it into another."""

import io
import os
import warnings

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes import (
    S3EventBridgeNotificationEvent,
    event_source,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image, ImageOps

THUMBNAILS_BUCKET = os.environ["THUMBNAILS_BUCKET"]
FORMATS = ("JPEG", "PNG", "WEBP")
SIZE = (256, 256)
MAX_BYTES = 32 * 1024 * 1024
MAX_KEY_BYTES = 1_024
SUFFIX = ".webp"

# A few kilobytes can unfold to gigabytes of pixels; these take 200 MB at most. Pillow
# itself only warns up to twice as many.
Image.MAX_IMAGE_PIXELS = 50_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)

# Lambda reads the level of a JSON line only beside an RFC 3339 timestamp.
logger = Logger(use_rfc3339=True, utc=True)
# A call that hangs gives up well before the function's timeout.
s3 = boto3.client(
    "s3",
    config=Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 2},
    ),
)


class RefusedError(Exception):
    """An upload that never will have a thumbnail, so that trying again is no use."""


@logger.inject_lambda_context(
    clear_state=True, correlation_id_path=correlation_paths.EVENT_BRIDGE
)
@event_source(data_class=S3EventBridgeNotificationEvent)
def handler(event: S3EventBridgeNotificationEvent, context: LambdaContext) -> None:
    """Make a thumbnail of the object that the event tells of.

    An event that comes twice, or late, writes the same thumbnail again: that of what
    the bucket has now.
    """
    bucket = event.detail.bucket.name
    # On EventBridge a key is not URL-encoded; Powertools' `key` would decode it.
    key = event.detail.object["key"]
    logger.append_keys(key=key)
    try:
        target = name_of_thumbnail(key)
        body = thumbnail_of(read(bucket, key))
    except RefusedError as error:
        logger.warning("no thumbnail", extra={"reason": str(error)})
        return
    s3.put_object(
        Bucket=THUMBNAILS_BUCKET, Key=target, Body=body, ContentType="image/webp"
    )
    logger.info("thumbnail is stored", extra={"bytes": len(body)})


def name_of_thumbnail(key: str) -> str:
    """Give the key of the thumbnail: always the same for the same image."""
    name = key + SUFFIX
    if len(name.encode()) > MAX_KEY_BYTES:
        raise RefusedError("the key is too long")
    return name


def read(bucket: str, key: str) -> bytes:
    """Read an object, unless it is gone or too large."""
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise RefusedError("the image is gone") from None
        raise
    with found["Body"] as body:
        if found["ContentLength"] > MAX_BYTES:
            raise RefusedError(f"{found['ContentLength']} bytes are too many")
        return bytes(body.read())


def thumbnail_of(data: bytes) -> bytes:
    """Make a small image, upright, with its transparency and without its metadata."""
    try:
        # Reads the header only; the formats are those whose decoders are to be used.
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return encode(shrink(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RefusedError("too many pixels") from None
    except (EOFError, OSError, SyntaxError, ValueError) as error:
        # Whatever a decoder says of bytes that are no image, or only the start of one.
        raise RefusedError(f"not an image: {type(error).__name__}") from None


def shrink(image: Image.Image) -> Image.Image:
    """Turn an image as its camera was held, and scale it down."""
    image.draft("RGB", SIZE)  # a JPEG need not be decoded in full
    upright = ImageOps.exif_transpose(image)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail(SIZE)
    return plain


def encode(image: Image.Image) -> bytes:
    """Encode an image alone: where a photo was taken is nobody's business."""
    image.info = {}
    made = io.BytesIO()
    image.save(made, "WEBP", quality=80)
    return made.getvalue()
