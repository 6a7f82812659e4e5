"""How each service says no, in AWS's own words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from botocore.model import OperationModel


class Reason(Enum):
    """Which policy decided; the value is how AWS words it."""

    NO_IDENTITY_POLICY = "because no identity-based policy allows the {} action"
    NO_RESOURCE_POLICY = "because no resource-based policy allows the {} action"
    NO_BOUNDARY = "because no permissions boundary allows the {} action"
    NO_SESSION_POLICY = "because no session policy allows the {} action"
    IDENTITY_DENY = "with an explicit deny in an identity-based policy"
    RESOURCE_DENY = "with an explicit deny in a resource-based policy"
    BOUNDARY_DENY = "with an explicit deny in a permissions boundary"
    SESSION_DENY = "with an explicit deny in a session policy"


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that a policy does not allow.

    Attributes:
        principal: ARN of the assumed-role session.
        action: The action that is missing or denied.
        resource: The resource it was asked for.
        reason: The policy that decided.
    """

    principal: str
    action: str
    resource: str
    reason: Reason = Reason.NO_IDENTITY_POLICY


@dataclass(frozen=True, slots=True)
class UnknownCaller:
    """A call signed with credentials that the account does not know."""

    access_key: str | None


@dataclass(frozen=True, slots=True)
class ServiceFault:
    """A call that the service itself fails, as a test asked for.

    Attributes:
        code: What `ClientError.response["Error"]["Code"]` holds.
        message: The service's words.
        status: The HTTP status.
    """

    code: str
    message: str = "fault on request"
    status: int = 400


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error response, before it has a request id.

    Attributes:
        code: What `ClientError.response["Error"]["Code"]` holds.
        status: The HTTP status.
        message: AWS's words.
        shape: The modelled exception, where it is not called as the code.
    """

    code: str
    status: int
    message: str
    shape: str = ""


def refusal(
    model: OperationModel, denial: Denial | UnknownCaller | ServiceFault
) -> Refusal:
    """What the service of this operation answers."""
    if isinstance(denial, ServiceFault):
        return Refusal(denial.code, denial.status, denial.message)
    if model.http.get("method") == "HEAD":
        return Refusal("403", 403, "Forbidden")
    if isinstance(denial, UnknownCaller):
        return _unknown(model)
    service = model.service_model.service_name
    if denial.action.startswith("kms:") and service in _KMS:
        return replace(_KMS[service], message=_message(service, denial))
    if denial.action.startswith("s3:") and service in ("rekognition", "textract"):
        return Refusal("InvalidS3ObjectException", 400, _S3_OBJECT)
    if service == "iot-data":
        return Refusal("ForbiddenException", 403, "Forbidden")
    return Refusal(*_code(model), _message(service, denial))


def _code(model: OperationModel) -> tuple[str, int]:
    service = model.service_model
    if service.service_name == "sns":
        return "AuthorizationError", 403
    if service.service_name in ("sqs", "cloudwatch"):  # keep their query codes
        return "AccessDenied", 403
    return _CODES.get(str(service.metadata["protocol"]), ("AccessDeniedException", 400))


def _unknown(model: OperationModel) -> Refusal:
    protocol = str(model.service_model.metadata["protocol"])
    code, message = _UNKNOWN.get(
        protocol, ("UnrecognizedClientException", _INVALID_TOKEN)
    )
    return Refusal(code, 400 if protocol == "json" else 403, message)


def _message(service: str, denial: Denial) -> str:
    action, resource = denial.action, denial.resource
    if service == "secretsmanager" and action.startswith("kms:"):
        return "Access to KMS is not allowed"
    if service in ("ses", "sesv2") and action.startswith("ses:Send"):
        return (
            f"User `{denial.principal}' is not authorized to perform `{action}' "
            f"on resource `{resource}'"
        )
    if action.startswith("sqs:"):
        action = action.lower()
    elif action.startswith("sns:"):
        action = action.replace("sns:", "SNS:", 1)
    elif action.startswith("s3:"):
        resource = f'"{resource}"'
    where = "" if denial.resource == "*" else f" on resource: {resource}"
    text = (
        f"User: {denial.principal} is not authorized to perform: {action}{where} "
        f"{denial.reason.value.format(action)}"
    )
    if service == "ec2":
        return f"You are not authorized to perform this operation. {text}"
    return text


_CODES = {
    "ec2": ("UnauthorizedOperation", 403),
    "query": ("AccessDenied", 403),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
}
_KMS = {
    "kinesis": Refusal("KMSAccessDeniedException", 400, ""),
    "sns": Refusal("KMSAccessDenied", 400, ""),
    "sqs": Refusal("KMS.AccessDeniedException", 400, "", "KmsAccessDenied"),
}
_S3_OBJECT = (
    "Unable to get object metadata from S3. Check object key, region and/or access "
    "permissions."
)
_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105
_UNKNOWN = {
    "ec2": (
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
    ),
    "query": ("InvalidClientTokenId", _INVALID_TOKEN),
    "rest-xml": (
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
}
