"""Images get thumbnails; what fails, or is not delivered, is in a queue."""

from __future__ import annotations

import io

from PIL import Image


def contract(shop) -> None:
    """Keeping what failed takes a grant, and so does knowing what is gone."""
    account, uploads = shop.account, shop.bucket("Uploads")
    uploads.put("images/good.png", image(10, 10))
    account.settle()
    uploads.put("images/gone.png", image(10, 10))
    uploads.delete("images/gone.png")
    account.settle()

    assert ["images/good.png.webp"] == shop.bucket("Thumbnails").keys()
    assert [] == shop.queue("Thumbnailer/Failures").bodies()

    shop.function("Thumbnailer").fail(times=3)
    uploads.put("images/bad.png", image(10, 10))
    account.settle()

    (record,) = shop.queue("Thumbnailer/Failures").bodies()
    assert "images/bad.png" == record["requestPayload"]["detail"]["object"]["key"]

    shop.rule("Thumbnailer/S3-Uploads").fail(times=200)
    uploads.put("images/lost.png", image(10, 10))
    account.settle()

    (lost,) = shop.queue("Thumbnailer/S3-UploadsUndelivered").bodies()
    assert "images/lost.png" == lost["detail"]["object"]["key"]


def image(width: int, height: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(made, "PNG")
    return made.getvalue()
