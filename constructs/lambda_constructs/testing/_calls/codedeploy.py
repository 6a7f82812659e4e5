"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import same_name


def group(request: Request) -> str:
    """The deployment group of a deployment."""
    deployment = request.text("deploymentId")
    found = request.lookup.deployment_group(deployment, request.region)
    return request.arn("codedeploy", f"deploymentgroup:{found or deployment}")


OPERATIONS: dict[str, Rule] = same_name(
    "codedeploy", group, "GetDeployment", "PutLifecycleEventHookExecutionStatus"
)
