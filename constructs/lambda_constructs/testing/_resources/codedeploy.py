"""AWS CodeDeploy, for functions."""

from __future__ import annotations

from lambda_constructs.testing._releasing import Group, shift_of
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_application(request: Request) -> Created:
    """Create an application, which is but a name."""
    return Created(request.name(request.properties.get("ApplicationName"), most=100))


def create_configuration(request: Request) -> Created:
    """Say how traffic moves."""
    name = request.name(request.properties.get("DeploymentConfigName"), most=100)
    routing = request.properties["TrafficRoutingConfig"]
    request.account.releases.shifts[name] = shift_of(routing)
    return Created(name)


def create_group(request: Request) -> Created:
    """Create a deployment group."""
    properties = request.properties
    name = request.name(properties.get("DeploymentGroupName"), most=100)
    watched = properties.get("AlarmConfiguration", {})
    alarms = watched.get("Alarms", []) if watched.get("Enabled") else []
    group = Group(
        request.account,
        request.path,
        str(properties["ApplicationName"]),
        name,
        str(properties["ServiceRoleArn"]),
        str(properties["DeploymentConfigName"]),
        tuple(str(each["Name"]) for each in alarms),
    )
    request.account.paths[group.arn] = request.path
    request.account.releases.groups[group.application, name] = group
    return Created(name, {"Id": name})


CREATE: dict[str, Create] = {
    "AWS::CodeDeploy::Application": create_application,
    "AWS::CodeDeploy::DeploymentConfig": create_configuration,
    "AWS::CodeDeploy::DeploymentGroup": create_group,
}
