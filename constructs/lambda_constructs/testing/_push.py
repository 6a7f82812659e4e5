"""Invocations by other services, each allowed by the function's resource policy.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._iam import Principal, Request, evaluate, parse
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount


class InvokeRefusedError(AccountError):
    """The function's resource policy does not allow the caller to invoke it."""


def push(
    account: LocalAccount,
    principal: str,
    target: str,
    event: Any,
    *,
    wait: bool,
    context: Mapping[str, str],
) -> Outcome | None:
    """Invoke a function as another service does.

    Args:
        account: Where it is.
        principal: The service, `sns.amazonaws.com`.
        target: The function's ARN or name, with the qualifier that the service has.
        event: What the service sends.
        wait: Whether it waits for the result, which is then given. Otherwise Lambda
            queues the event.
        context: The condition keys that the service brings: `aws:SourceArn`,
            `aws:SourceAccount`, `lambda:EventSourceToken`.

    Raises:
        InvokeRefusedError: The resource policy of that qualifier does not allow it.
    """
    function, qualifier = account.function_and_qualifier(target)
    check_allowed(account, Principal.service(principal), function, qualifier, context)
    if wait:
        return function.invoke(event, qualifier)
    account.asynchronous.accept(function, qualifier, event)
    return None


def check_allowed(
    account: LocalAccount,
    principal: Principal,
    function: FunctionState,
    qualifier: str,
    context: Mapping[str, str],
    action: str = "lambda:InvokeFunction",
) -> None:
    """Check a caller against the resource policy of one qualifier.

    Raises:
        InvokeRefusedError: The policy does not allow it.
    """
    resource = function.arn_of(qualifier)
    statements = function.permissions.get(qualifier, [])
    policy = None
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        policy = parse(document, name=f"policy of {resource}", role="resource")
    request = Request(principal, action, resource, account.id, context)
    decision = evaluate(request, resource=policy)
    if decision.allowed:
        return
    source = context.get("aws:SourceArn", "no source")
    account.note(function.path, "refused", f"{principal.arn} for {source}")
    raise InvokeRefusedError(
        f"{function.path}: {principal.arn} may not invoke {qualifier} for {source}, "
        f"{decision.reason}; add a permission with that principal and source"
    )


def statement(properties: Mapping[str, Any], sid: str, resource: str) -> dict[str, Any]:
    """Give the statement that an `AWS::Lambda::Permission` adds."""
    principal = str(properties["Principal"])
    is_service = principal.endswith((".amazonaws.com", ".amazon.com"))
    equals = {
        key: properties[name]
        for name, key in EQUALS.items()
        if properties.get(name) is not None
    }
    condition: dict[str, Any] = {"StringEquals": equals} if equals else {}
    if properties.get("SourceArn"):
        condition["ArnLike"] = {"aws:SourceArn": properties["SourceArn"]}
    if properties.get("InvokedViaFunctionUrl") is not None:
        via = str(properties["InvokedViaFunctionUrl"]).lower()
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": via}
    made: dict[str, Any] = {
        "Sid": "".join(each for each in sid if each.isalnum()),
        "Effect": "Allow",
        "Principal": {"Service" if is_service else "AWS": principal},
        "Action": properties["Action"],
        "Resource": resource,
    }
    return {**made, "Condition": condition} if condition else made


EQUALS = {
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "SourceAccount": "aws:SourceAccount",
}
