"""Upload images: upright and turned, one twice, and what is no image."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation, wait_until

IMAGES = 4
ORIENTATION = 0x0112


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Upload all, wait for the thumbnails, and look at one of them."""
    folder = f"images/{deployed.run}"
    wide = image(800, 400)
    keys = [f"{folder}/a b+{number}.png" for number in range(IMAGES)]
    turned = f"{folder}/turned.jpg"
    upload(deployed, f"{folder}/readme.png", b"not an image")
    upload(deployed, f"{folder}/half.png", wide[:100])
    upload(deployed, f"other/{deployed.run}.png", wide)
    for key in (*keys, keys[0]):
        upload(deployed, key, wide)
    upload(deployed, turned, image(800, 400, "JPEG", orientation=6))

    wanted = {f"{key}.webp" for key in (*keys, turned)}
    found = wait_until(
        lambda: thumbnails(deployed), lambda made: made >= wanted, timeout=60
    )
    yield expect(
        f"{IMAGES + 1} images, 1 again, 1 elsewhere",
        f"{IMAGES + 1} in Thumbnails",
        f"{len(found)} there",
        holds=found == wanted,
    )
    size = size_of(deployed, f"{turned}.webp") if wanted <= found else None
    yield expect("1 of them turned", "128 x 256", f"{size}", holds=size == (128, 256))
    refused = wait_until(
        lambda: logged(deployed, "no thumbnail", folder), lambda n: n >= 2, timeout=30
    )
    yield expect(
        "2 that are no images",
        "refused at once, nothing in Failures",
        f"{refused} refused, {failures(deployed)} in Failures",
        holds=refused == 2 and failures(deployed) == 0,
    )


def look(deployed: Deployed) -> Iterator[str]:
    """Show the thumbnails."""
    bucket = deployed.physical_id("Thumbnails")
    yield f"aws s3 ls --recursive s3://{bucket}/images/{deployed.run}/"


def expect(sent: str, expected: str, arrived: str, *, holds: bool) -> Expectation:
    """Word an expectation."""
    return Expectation(sent, expected, arrived, holds)


def image(width: int, height: int, kind: str = "PNG", *, orientation: int = 1) -> bytes:
    """Draw an image, which a camera may have been turned for."""
    exif, made = Image.Exif(), io.BytesIO()
    exif[ORIENTATION] = orientation
    Image.new("RGB", (width, height), "red").save(made, kind, exif=exif)
    return made.getvalue()


def upload(deployed: Deployed, key: str, body: bytes) -> None:
    """Put an object."""
    bucket = deployed.physical_id("Uploads")
    deployed.session.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def thumbnails(deployed: Deployed) -> set[str]:
    """List the thumbnails of this run."""
    found = deployed.session.client("s3").list_objects_v2(
        Bucket=deployed.physical_id("Thumbnails")
    )
    keys = (each["Key"] for each in found.get("Contents", []))
    return {key for key in keys if deployed.run in key}


def size_of(deployed: Deployed, key: str) -> tuple[int, int]:
    """Read how large a thumbnail is."""
    found = deployed.session.client("s3").get_object(
        Bucket=deployed.physical_id("Thumbnails"), Key=key
    )
    return Image.open(io.BytesIO(found["Body"].read())).size


def logged(deployed: Deployed, message: str, folder: str) -> int:
    """Count the lines of the log with a message on this run's objects."""
    pages = deployed.session.client("logs").get_paginator("filter_log_events")
    return sum(
        message in event["message"] and folder in event["message"]
        for page in pages.paginate(
            logGroupName=deployed.physical_id("Thumbnailer/Logs")
        )
        for event in page["events"]
    )


def failures(deployed: Deployed) -> int:
    """Count the events that Lambda gave up."""
    answer = deployed.session.client("sqs").get_queue_attributes(
        QueueUrl=deployed.physical_id("Thumbnailer/Failures"),
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


DRIVER = Driver(
    stack="Thumbnailer",
    drive=drive,
    look=look,
    unchecked=(
        "asynchronous failure destinations",
        "retry policies of rules",
        "X-Ray traces",
    ),
)
