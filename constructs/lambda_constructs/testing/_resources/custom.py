"""Custom resources of AWS CloudFormation."""

from __future__ import annotations

from lambda_constructs.testing._deploy import Unmodelled
from lambda_constructs.testing._provider_framework import is_framework
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_custom_resource(request: Request) -> Created:
    """Ask the function for it, if it is one that can run here."""
    account = request.account
    token = str(request.properties["ServiceToken"])
    name = token.split(":function:")[-1].partition(":")[0]
    function = account.functions.get(name)
    if function is None:
        account.note_unmodelled(request, f"custom resource of {token}")
        return Created(request.name(), Unmodelled(request))
    runtime = str(function.properties.get("Runtime", ""))
    if not runtime.startswith("python") and not is_framework(function):
        account.note_unmodelled(request, f"custom resource in {runtime}")
        return Created(request.name(), Unmodelled(request))
    made = account.custom_resources.create(request)
    return Created(str(made.physical_id), made.data)


CREATE: dict[str, Create] = {
    "AWS::CloudFormation::CustomResource": create_custom_resource,
    "Custom::*": create_custom_resource,
}
