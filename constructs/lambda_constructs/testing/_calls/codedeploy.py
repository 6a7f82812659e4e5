"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import same_name


def group(request: Request) -> str:
    """The deployment group of a deployment, or of an application."""
    names = [request.text("applicationName"), request.text("deploymentGroupName")]
    if deployment := request.text("deploymentId"):
        found = request.lookup.deployment_group(deployment, request.region)
        names = [found or f"unknown/{deployment}"]
    return request.arn("codedeploy", f"deploymentgroup:{'/'.join(names)}")


OPERATIONS: dict[str, Rule] = same_name(
    "codedeploy",
    group,
    "CreateDeployment",
    "GetDeployment",
    "GetDeploymentGroup",
    "PutLifecycleEventHookExecutionStatus",
    "StopDeployment",
)
