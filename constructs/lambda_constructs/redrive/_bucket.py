"""A bucket as a failure store: the objects below the prefixes of its origins."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive.stores import Store

GZIP = b"\x1f\x8b"


class BucketSource:
    """The records in a bucket. Nothing hides one that is being sent from others."""

    def __init__(self, aws: Aws, store: Store) -> None:
        self.aws = aws
        self.bucket = store.arn.rsplit(":", 1)[1]
        self.prefixes = sorted({each.prefix for each in store.origins if each.prefix})
        self._s3 = aws.reader("s3")

    def __enter__(self) -> BucketSource:
        """Take nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was taken."""

    def objects(self) -> Iterator[tuple[str, datetime]]:
        """Give every record's key, and since when it is there."""
        for prefix in self.prefixes:
            found = self.aws.pages(
                "s3",
                "list_objects_v2",
                "Contents",
                Bucket=self.bucket,
                Prefix=prefix,
            )
            for each in found:
                yield each["Key"], each["LastModified"]

    def count(self) -> int:
        """Give how many there are."""
        return sum(1 for _ in self.objects())

    def messages(self) -> Iterator[Received]:
        """Give every record; one that is deleted meanwhile is left out."""
        for key, at in list(self.objects()):
            try:
                answer = self._s3.get_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                    continue
                raise
            body = answer["Body"].read()
            if body.startswith(GZIP):  # Firehose may compress them
                body = gzip.decompress(body)
            text = body.decode(errors="replace")
            yield Received(key.rsplit("/", 1)[-1], key, text, at)

    def hold(self, message: Received) -> None:
        """S3 has nothing to hold it by."""

    def delete(self, message: Received) -> None:
        """Delete it; a bucket with versions keeps it below a marker."""
        self._s3.delete_object(Bucket=self.bucket, Key=message.key)
