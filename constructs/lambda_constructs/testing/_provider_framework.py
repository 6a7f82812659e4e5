"""CDK's provider framework, whose own functions are Node.js: its protocol in Python.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

ON_EVENT = "USER_ON_EVENT_FUNCTION_ARN"
IS_COMPLETE = "USER_IS_COMPLETE_FUNCTION_ARN"
WAITER = "WAITER_STATE_MACHINE_ARN"
CREATE_FAILED = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"

Event = Mapping[str, Any]


class _FailedError(Exception):
    """What the framework reports to CloudFormation."""


def variables(function: FunctionState) -> Mapping[str, str]:
    """Give a function's environment variables in the template."""
    found = function.properties.get("Environment", {}).get("Variables", {})
    return {name: str(value) for name, value in found.items()}


def is_framework(function: FunctionState) -> bool:
    """Tell whether a function is the framework's, which calls a user's."""
    handler = str(function.properties.get("Handler", ""))
    return ON_EVENT in variables(function) and handler.startswith("framework.")


def respond(account: LocalAccount, framework: FunctionState, event: Event) -> Event:
    """Give what the framework puts to the response URL."""
    id = event.get("PhysicalResourceId")
    if event["RequestType"] == "Delete" and id == CREATE_FAILED:
        return _response(event, "SUCCESS", PhysicalResourceId=id)
    try:
        result = _merged(event, _call(account, framework, ON_EVENT, event))
        if IS_COMPLETE in variables(framework):
            result = _wait(account, framework, result)
    except _FailedError as error:
        id = id or CREATE_FAILED
        return _response(event, "FAILED", Reason=str(error), PhysicalResourceId=id)
    given = {key: result[key] for key in ("Data", "NoEcho") if key in result}
    id = result["PhysicalResourceId"]
    return _response(event, "SUCCESS", PhysicalResourceId=id, **given)


def _response(event: Event, status: str, **more: Any) -> Event:
    copied = ("StackId", "RequestId", "LogicalResourceId")
    return {"Status": status, **{key: event[key] for key in copied}, **more}


def _merged(event: Event, result: Any) -> dict[str, Any]:
    """Complete what onEvent returned, as the framework does."""
    if result is not None and not isinstance(result, dict):
        text = json.dumps(result)
        raise _FailedError(
            f"return values from user-handlers must be JSON objects. got: {text}"
        )
    before = event.get("PhysicalResourceId")
    id = (result or {}).get("PhysicalResourceId") or before or event["RequestId"]
    if event["RequestType"] == "Delete" and id != before:
        raise _FailedError(
            "DELETE: cannot change the physical resource ID from "
            f'"{before}" to "{id}" during deletion'
        )
    return {**event, **(result or {}), "PhysicalResourceId": id}


def _wait(
    account: LocalAccount, framework: FunctionState, event: dict[str, Any]
) -> dict[str, Any]:
    """Ask isComplete until it is, or the total timeout is over."""
    interval, attempts = _schedule(account, variables(framework)[WAITER])
    asker = next(
        each
        for each in account.functions.values()
        if each.properties.get("Handler") == "framework.isComplete"
        and variables(each).get(IS_COMPLETE) == variables(framework)[IS_COMPLETE]
    )
    for attempt in range(attempts + 1):
        if attempt:
            account.advance(interval)
        result = _call(account, asker, IS_COMPLETE, event) or {}
        if result.get("IsComplete"):
            data = {**(event.get("Data") or {}), **(result.get("Data") or {})}
            return {**event, **result, "Data": data}
        if result.get("Data"):
            raise _FailedError('"Data" is not allowed if "IsComplete" is "False"')
        account.note(asker.path, "incomplete", f"again in {interval:g} s")
    raise _FailedError("Operation timed out")


def _schedule(account: LocalAccount, waiter: str) -> tuple[float, int]:
    definition = account.workflows.definition(waiter)
    retries = [
        retry
        for state in definition["States"].values()
        for retry in state.get("Retry", [])
    ]
    if not retries:
        raise UnmodelledError(f"{waiter} is no waiter that the kit knows")
    return float(retries[0]["IntervalSeconds"]), int(retries[0]["MaxAttempts"])


def _call(account: LocalAccount, caller: FunctionState, name: str, event: Event) -> Any:
    """Invoke a user's function under the role of the framework's."""
    target = variables(caller)[name]
    key = account.authority.session_key(caller)
    session: Any = boto3.Session(key, "testing", region_name=account.region)
    payload = json.dumps(event)
    try:
        answer = session.client("lambda").invoke(FunctionName=target, Payload=payload)
    except ClientError as error:
        raise _FailedError(str(error)) from None
    result = json.load(answer["Payload"])
    if "FunctionError" in answer:
        log = target.split(":")[-1]
        said = result.get("errorMessage") or "error"
        raise _FailedError(f"{said}\n\nLogs: /aws/lambda/{log}\n")
    return result
