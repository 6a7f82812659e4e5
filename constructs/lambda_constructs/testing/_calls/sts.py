"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Need, Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, found, free, same_name


def assume_role(request: Request) -> tuple[Need, ...]:
    """Tags and a source identity for the session are actions of their own."""
    role = request.text("RoleArn")
    context: dict[str, str | tuple[str, ...]] = {
        name: value
        for name, value in (
            ("sts:RoleSessionName", request.text("RoleSessionName")),
            ("sts:ExternalId", request.text("ExternalId")),
            ("sts:SourceIdentity", request.text("SourceIdentity")),
        )
        if value
    }
    needs = [request.need("sts:AssumeRole", role, context)]
    if tags := request.items("Tags"):
        tagging: dict[str, str | tuple[str, ...]] = {
            "aws:TagKeys": tuple(str(tag["Key"]) for tag in tags),
            "sts:TransitiveTagKeys": tuple(found(request.params, "TransitiveTagKeys")),
            **{f"aws:RequestTag/{tag['Key']}": str(tag["Value"]) for tag in tags},
        }
        needs.append(request.need("sts:TagSession", role, {**context, **tagging}))
    if request.text("SourceIdentity"):
        needs.append(request.need("sts:SetSourceIdentity", role, context))
    return tuple(needs)


OPERATIONS: dict[str, Rule] = {
    "AssumeRole": assume_role,
    **same_name("sts", anywhere, "DecodeAuthorizationMessage", "GetAccessKeyInfo"),
    **free(
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "GetCallerIdentity",
        "GetSessionToken",
    ),
}
