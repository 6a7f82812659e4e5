"""AWS's answers, given at once or after a while, in place of botocore's HTTP.

Everything but the socket is done: requests are checked, serialized and signed, and
answers are parsed. Each of them says that it went well.
"""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

PHOTO = Path(__file__).with_name("photo.jpg")
MAIL = b"""From: Ann <ann@example.com>
To: orders@example.org
Subject: Two chairs
Date: Sat, 21 Nov 2026 09:00:00 +0000

Please.
"""
ACCOUNT = {
    "account_id": {"S": "alice"},
    "balance": {"N": "1000000"},
    "entries": {"N": "7"},
}
ITEM = {
    "item_id": {"S": "i-1"},
    "category": {"S": "books"},
    "price": {"N": "9.95"},
    "name": {"S": "A book"},
}
COMMIT = {"commitId": "5c4ef10", "parents": []}
BLOB = {"blobId": "b1", "path": "README.md", "mode": "100644"}
OF_JSON: dict[str, Any] = {
    "GetBlob": {"content": base64.b64encode(b"no secrets\n" * 100).decode()},
    "GetCommit": {"commit": COMMIT},
    "GetDifferences": {"differences": [{"afterBlob": BLOB, "changeType": "A"}]},
    "GetParameter": {"Parameter": {"Name": "freezes", "Value": "[]"}},
    "GetSecretValue": {"SecretString": "secret"},
    "PutEvaluations": {"FailedEvaluations": []},
    "Query": {"Items": [ITEM] * 20, "Count": 20},
    "SendMessage": {"MessageId": "m-1"},
    "TransactGetItems": {
        "Responses": [{}, {"Item": ACCOUNT}, {"Item": {**ACCOUNT}}],
    },
}
OF_XML = {
    "DescribeAddresses": b"<A><addressesSet/></A>",
    "DescribeInstances": b"<A><reservationSet/></A>",
    "DescribeVolumes": b"<A><volumeSet/></A>",
    "GetObjectTagging": b"<Tagging><TagSet><Tag><Key>draft</Key><Value>yes</Value>"
    b"</Tag></TagSet></Tagging>",
    "Publish": b"<PublishResponse><PublishResult><MessageId>m-1</MessageId>"
    b"</PublishResult></PublishResponse>",
    "PutObject": b"",
    "PutObjectTagging": b"",
}


class Raw(io.BytesIO):
    """A body that is here already."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Give all that is left."""
        yield self.read()


class Answers:
    """What stands for AWS.

    Attributes:
        seconds: How long each answer takes.
        calls: How many were given.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0
        self.bodies = {name: json.dumps(it).encode() for name, it in OF_JSON.items()}
        self.photo = PHOTO.read_bytes()

    def install(self) -> None:
        """Answer the calls of all clients that are made from now on."""
        handlers.BUILTIN_HANDLERS.append(("before-send", self))

    def __call__(
        self, event_name: str, request: AWSPreparedRequest, **_: object
    ) -> AWSResponse:
        """Answer a request as botocore's documented event lets one."""
        self.wait()
        operation = event_name.rpartition(".")[2]
        body, kind = self.body(operation, request)
        about = {"content-type": kind, "content-length": str(len(body))}
        headers = HTTPHeaders.from_dict(about)
        return AWSResponse(request.url, 200, headers, Raw(body))

    def wait(self) -> None:
        """Take as long as AWS would."""
        self.calls += 1
        if self.seconds:
            time.sleep(self.seconds)

    def body(self, operation: str, request: AWSPreparedRequest) -> tuple[bytes, str]:
        """Give what is answered, and its content type."""
        if operation == "GetObject":
            mail = "/raw/" in str(request.url)
            return (MAIL if mail else self.photo), "application/octet-stream"
        if operation == "Invoke":
            asked = str(request.body)
            refused = "moon" in asked or '"-1"' in asked
            quote = json.dumps({"price": "4.50"})
            status = 400 if refused else 200
            answer = {"statusCode": status, "body": quote}
            return json.dumps(answer).encode(), "application/json"
        if operation in OF_XML:
            return OF_XML[operation], "text/xml"
        return self.bodies.get(operation, b"{}"), "application/x-amz-json-1.0"
