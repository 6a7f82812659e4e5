"""AWS Systems Manager Parameter Store."""

from __future__ import annotations

from lambda_constructs.testing._resources._create import Create, Created, Request


def create_parameter(request: Request) -> Created:
    """Put a parameter."""
    properties = request.properties
    name = request.name(properties.get("Name"), most=1_000)
    request.account.client("ssm").put_parameter(
        Name=name,
        Type=properties.get("Type", "String"),
        Value=str(properties["Value"]),
    )
    return Created(
        name, {"Type": properties.get("Type", "String"), "Value": properties["Value"]}
    )


CREATE: dict[str, Create] = {"AWS::SSM::Parameter": create_parameter}
