"""Where CloudFront gets what it has not: given by the test, or a bucket.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from lambda_constructs.testing._http.front import MalformedError
from lambda_constructs.testing._http.messages import Headers, HttpRequest, Response
from lambda_constructs.testing._iam import Principal, Request, evaluate
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

Origin = Callable[[HttpRequest], Response | str | bytes]
"""Answers as a server does; text or bytes stand for a response with 200."""

BUCKET = re.compile(r"(.+?)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com$")


@dataclass(frozen=True)
class Origins:
    """The origins of a distribution."""

    account: LocalAccount
    distribution: str
    given: Mapping[str, Origin]

    def fetch(self, origin: Mapping[str, Any], request: HttpRequest) -> Response:
        """Get a response from an origin, as the template describes it.

        Raises:
            UnmodelledError: The test gave nothing for it, and it is no bucket.
        """
        domain = str(origin["DomainName"])
        if domain in self.given:
            answer = self.given[domain](request)
            if isinstance(answer, Response):
                return answer
            content = answer.encode() if isinstance(answer, str) else answer
            return Response(200, body=content)
        bucket = BUCKET.match(domain)
        if bucket is None:
            raise UnmodelledError(
                f"a request would have to pass to {domain}; give the distribution "
                "what answers there, as origins={" + repr(domain) + ": ...}"
            )
        return self._read(bucket[1], origin, request)

    def _read(
        self, bucket: str, origin: Mapping[str, Any], request: HttpRequest
    ) -> Response:
        """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html."""
        if origin.get("S3OriginConfig", {}).get("OriginAccessIdentity"):
            raise UnmodelledError("an origin access identity is not modelled; use OAC")
        key, arn = unquote(request.path[1:]), f"arn:aws:s3:::{bucket}"
        controlled = bool(origin.get("OriginAccessControlId"))
        if not self._allowed("s3:GetObject", f"{arn}/{key}", controlled=controlled):
            return _refusal(403, "AccessDenied")
        try:
            found = self.account.client("s3").get_object(Bucket=bucket, Key=key)
        except ClientError:
            if self._allowed("s3:ListBucket", arn, controlled=controlled):
                return _refusal(404, "NoSuchKey")
            return _refusal(403, "AccessDenied")
        headers = Headers([("Content-Type", found["ContentType"])])
        return Response(200, headers, bytes(found["Body"].read()))

    def _allowed(self, action: str, arn: str, *, controlled: bool) -> bool:
        """With an origin access control, CloudFront signs for the distribution."""
        principal = (
            Principal.service("cloudfront.amazonaws.com")
            if controlled
            else Principal.anonymous()
        )
        source = f"arn:aws:cloudfront::{self.account.id}:distribution/"
        context = {
            "aws:SourceArn": source + self.distribution,
            "aws:SourceAccount": self.account.id,
            "aws:SecureTransport": "true",
        }
        asked = Request(
            principal, action, arn, self.account.id, context if controlled else {}
        )
        policy = self.account.authority.policies.of_resource(arn)
        return evaluate(asked, resource=policy).allowed


def _refusal(status: int, code: str) -> Response:
    headers = Headers([("Content-Type", "application/xml")])
    return Response(status, headers, f"<Error><Code>{code}</Code></Error>".encode())


def described_origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Give an origin as an event has it."""
    kind = "s3" if "S3OriginConfig" in origin else "custom"
    headers = [
        (str(each["HeaderName"]).lower(), each)
        for each in origin.get("OriginCustomHeaders", [])
    ]
    described: dict[str, Any] = {
        "customHeaders": {
            name: [{"key": each["HeaderName"], "value": each["HeaderValue"]}]
            for name, each in headers
        },
        "domainName": origin["DomainName"],
        "path": origin.get("OriginPath", ""),
    }
    if kind == "custom":
        policy = origin.get("CustomOriginConfig", {}).get("OriginProtocolPolicy")
        secure = policy != "http-only"
        described |= {
            "keepaliveTimeout": 5,
            "port": 443 if secure else 80,
            "protocol": "https" if secure else "http",
            "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        }
    return {kind: described}


def change_origin(origin: dict[str, Any], given: object) -> None:
    """Take over where the function sends a request."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise MalformedError("the origin must be one of s3 and custom")
    ((_, chosen),) = given.items()
    if not isinstance(chosen, Mapping) or "domainName" not in chosen:
        raise MalformedError("the origin needs a domainName")
    origin["DomainName"] = chosen["domainName"]
    origin["OriginPath"] = chosen.get("path", "")
