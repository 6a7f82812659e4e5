"""The thumbnailer: an image gets a small one, and what is none has none."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

ORIENTATION, GPS = 0x0112, 0x8825
Draw = Callable[[], bytes]


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    for name in ("uploads", "thumbnails"):
        place = {"LocationConstraint": "eu-west-1"}
        client.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return client


@pytest.fixture
def said() -> io.StringIO:
    """What the handler logs: Powertools keeps the stdout of the import."""
    return io.StringIO()


@pytest.fixture
def index(s3: Any, cold_start: ColdStart, said: io.StringIO) -> ModuleType:
    with redirect_stdout(said):
        return cold_start("thumbnailer", THUMBNAILS_BUCKET="thumbnails")


def created(key: str) -> dict[str, Any]:
    made = event("s3_event_bridge")
    made["detail"]["object"]["key"] = key
    return made


def keys(s3: Any) -> list[str]:
    found = s3.list_objects_v2(Bucket="thumbnails").get("Contents", [])
    return [each["Key"] for each in found]


@pytest.fixture
def upload(index: ModuleType, s3: Any) -> Callable[..., Image.Image | None]:
    """Put an object, tell the handler, and give the thumbnail, if there is one."""

    def put(data: bytes, key: str = "images/a.png") -> Image.Image | None:
        s3.put_object(Bucket="uploads", Key=key, Body=data)
        index.handler(created(key), LambdaContext())
        if f"{key}.webp" not in keys(s3):
            return None
        found = s3.get_object(Bucket="thumbnails", Key=f"{key}.webp")
        assert "image/webp" == found["ContentType"]
        return Image.open(io.BytesIO(found["Body"].read()))

    return put


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def halves(size: tuple[int, int] = (800, 400), mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    return image.convert(mode)


def is_red(image: Image.Image, at: tuple[int, int]) -> bool:
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel[0] > 200 and pixel[2] < 60


class TestImages:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_fits_into_256_by_256_and_keeps_its_shape(self, upload, kind):
        """
        Whatever the format is.
        """
        found = upload(encoded(halves(), kind))

        assert ("WEBP", (256, 128)) == (found.format, found.size)
        assert is_red(found, (20, 64))
        assert not is_red(found, (236, 64))

    def test_a_small_one_is_not_enlarged(self, upload):
        """
        It would only be blurred.
        """
        assert (20, 10) == upload(encoded(halves((20, 10)))).size

    @pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16"])
    def test_other_kinds_of_colour_are_understood(self, upload, mode):
        """
        Print, palettes and greys come, too.
        """
        image = halves(mode=mode) if mode != "I;16" else Image.new(mode, (800, 400))
        kind = "JPEG" if mode == "CMYK" else "PNG"

        assert (256, 128) == upload(encoded(image, kind)).size

    @pytest.mark.parametrize(
        ("orientation", "size", "red"),
        [
            (1, (256, 128), (20, 64)),
            (3, (256, 128), (236, 64)),
            (6, (128, 256), (64, 20)),
            (8, (128, 256), (64, 236)),
        ],
    )
    def test_a_photo_is_turned_as_the_camera_was_held(
        self, upload, orientation, size, red
    ):
        """
        The pixels are, since the thumbnail does not say how to turn it.
        """
        exif = Image.Exif()
        exif[ORIENTATION] = orientation

        found = upload(encoded(halves(), "JPEG", exif=exif))

        assert size == found.size
        assert is_red(found, red)
        assert not found.getexif()

    def test_where_a_photo_was_taken_is_not_passed_on(self, upload):
        """
        Nor any other of its metadata.
        """
        exif = Image.Exif()
        exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
        photo = encoded(halves(), "JPEG", exif=exif, comment=b"my home")
        assert Image.open(io.BytesIO(photo)).getexif().get_ifd(GPS)

        found = upload(photo)

        assert {} == dict(found.getexif())
        assert not {"exif", "comment", "xmp"} & found.info.keys()

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_transparency_stays(self, upload, mode):
        """
        It does not turn black.
        """
        image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
        image.paste((255, 0, 0, 255), (0, 0, 200, 400))

        found = upload(encoded(image.convert(mode)))

        assert "RGBA" == found.mode
        assert (255, 0) == (
            found.getpixel((20, 128))[3],
            found.getpixel((236, 128))[3],
        )


class TestKeys:
    def test_a_key_is_taken_to_the_letter(self, upload, s3):
        """
        On EventBridge it is not URL-encoded, whatever Powertools thinks.
        """
        assert upload(encoded(halves()), "images/a+b c%20ü.png")

        assert ["images/a+b c%20ü.png.webp"] == keys(s3)

    def test_two_formats_of_one_name_are_two(self, upload, s3):
        """
        The suffix is added, not replaced.
        """
        upload(encoded(halves()), "images/a.png")
        upload(encoded(halves(), "JPEG"), "images/a.jpg")

        assert ["images/a.jpg.webp", "images/a.png.webp"] == keys(s3)

    def test_a_key_that_leaves_no_room_has_no_thumbnail(self, upload, s3):
        """
        S3's keys have 1,024 bytes at most.
        """
        assert upload(encoded(halves()), "k" * 1_019) is not None
        assert upload(encoded(halves()), "k" * 1_020) is None


class TestAgain:
    def test_an_event_that_comes_twice_writes_the_same(self, upload, index, s3):
        """
        S3 delivers at least once.
        """
        upload(encoded(halves()))
        first = s3.get_object(Bucket="thumbnails", Key="images/a.png.webp")["ETag"]

        index.handler(created("images/a.png"), LambdaContext())

        again = s3.get_object(Bucket="thumbnails", Key="images/a.png.webp")["ETag"]
        assert first == again
        assert 1 == len(keys(s3))

    def test_the_newest_version_wins_whichever_event_is_last(self, upload, index, s3):
        """
        S3 delivers in no order.
        """
        upload(encoded(halves()))
        newest = encoded(halves((100, 400)))
        s3.put_object(Bucket="uploads", Key="images/a.png", Body=newest)

        index.handler(created("images/a.png"), LambdaContext())

        found = s3.get_object(Bucket="thumbnails", Key="images/a.png.webp")
        assert (64, 256) == Image.open(io.BytesIO(found["Body"].read())).size


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that claims a size, with whatever pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        length, check = len(content), zlib.crc32(kind + content)
        return struct.pack(">I", length) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    rows = zlib.compress(data)
    return b"".join(
        (signature, chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


NO_IMAGES: dict[str, Draw] = {
    "nothing": lambda: b"",
    "text": lambda: b"<html>not an image</html>",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "gif": lambda: encoded(halves(), "GIF"),
    "tiff": lambda: encoded(halves(), "TIFF"),
    "half-jpeg": lambda: encoded(halves(), "JPEG")[:1_500],
    "half-png": lambda: encoded(halves())[:200],
    "no-pixels": lambda: encoded(halves())[:40],
    "broken-png": lambda: png(100, 100, b"\x09" * 50),
    "bomb": lambda: png(8_000, 6_251, bytes(10_000)),
    "big-bomb": lambda: png(60_000, 60_000, bytes(10_000)),
}


class TestWhatIsNone:
    @pytest.mark.parametrize("kind", NO_IMAGES)
    def test_has_no_thumbnail_and_is_not_tried_again(self, upload, said, kind):
        """
        An error would have Lambda deliver it twice more, and wake somebody.
        """
        assert upload(NO_IMAGES[kind]()) is None

        assert "no thumbnail" in said.getvalue()

    def test_is_what_is_too_large(self, upload, index, monkeypatch):
        """
        It is not even read.
        """
        data = encoded(halves())
        monkeypatch.setattr(index, "MAX_BYTES", len(data) - 1)
        assert upload(data) is None

        monkeypatch.setattr(index, "MAX_BYTES", len(data))
        assert upload(data) is not None

    def test_is_what_is_gone(self, index, s3):
        """
        Deleted before its event came.
        """
        index.handler(created("images/gone.png"), LambdaContext())

        assert [] == keys(s3)


class TestFailures:
    def test_a_failing_bucket_is_an_error(self, upload, index, s3):
        """
        Lambda tries again, and keeps the event when it gives up.
        """
        s3.put_object(Bucket="uploads", Key="images/a.png", Body=encoded(halves()))
        s3.delete_bucket(Bucket="thumbnails")

        with pytest.raises(ClientError, match="NoSuchBucket"):
            index.handler(created("images/a.png"), LambdaContext())

    def test_a_missing_bucket_is_an_error(self, index, s3):
        """
        Only an object may be gone.
        """
        gone = created("images/a.png")
        gone["detail"]["bucket"]["name"] = "nowhere"

        with pytest.raises(ClientError, match="NoSuchBucket"):
            index.handler(gone, LambdaContext())
