"""API Gateway's REST APIs."""

from __future__ import annotations

import hashlib

from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing.errors import AccountError

LOGGING = (
    "CreateLogGroup",
    "CreateLogStream",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "PutLogEvents",
)
"""What AmazonAPIGatewayPushToCloudWatchLogs allows, on the logs of the account."""


def create_api(request: Request) -> Created:
    """Create an API with its root."""
    id = api_id(request)
    _keep(request, "rest api", id)
    return Created(id, {"RestApiId": id, "RootResourceId": f"{id}/"})


def create_resource(request: Request) -> Created:
    """Add a part to the path of another resource."""
    id = api_id(request)
    _keep(request, "resource", id)
    return Created(id, {"ResourceId": id})


def create_method(request: Request) -> Created:
    """Let a resource answer a method."""
    id = api_id(request)
    _keep(request, "method", id)
    return Created(id)


def create_deployment(request: Request) -> Created:
    """Publish what is there; it is the newest that answers."""
    id = api_id(request)
    if "StageName" in request.properties:
        _keep_stage(request)
    return Created(id, {"DeploymentId": id})


def create_authorizer(request: Request) -> Created:
    """Say who may use a route."""
    id = api_id(request)
    _keep(request, "rest authorizer", id)
    return Created(id, {"AuthorizerId": id})


def create_stage(request: Request) -> Created:
    """Name a deployment."""
    return Created(_keep_stage(request))


def create_account(request: Request) -> Created:
    """Check the role that writes the logs of all APIs, as API Gateway does.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    role = request.properties.get("CloudWatchRoleArn")
    if role is not None:
        logs = request.arn("logs", "*")
        asked = [(f"logs:{each}", logs) for each in LOGGING]
        if not request.account.authority.allows_service(role, request.path, asked):
            raise AccountError(
                f"{request.path}: The role ARN does not have required permissions "
                f"configured; allow {', '.join(LOGGING)} on {logs} in a policy that "
                "comes before it"
            )
    return Created(request.name(), {"Id": request.name()})


def api_id(request: Request) -> str:
    """Give an id as API Gateway makes them."""
    name = f"{request.stack}/{request.logical_id}"
    return hashlib.sha256(name.encode()).hexdigest()[:10]


def _keep_stage(request: Request) -> str:
    stage = str(request.properties["StageName"])
    _keep(request, "rest stage", f"{request.properties['RestApiId']}/{stage}")
    return stage


def _keep(request: Request, kind: str, ref: str) -> None:
    piece = Piece(ref, request.path, request.properties)
    fronts_of(request.account).add(kind, piece)


CREATE: dict[str, Create] = {
    "AWS::ApiGateway::Authorizer": create_authorizer,
    "AWS::ApiGateway::Account": create_account,
    "AWS::ApiGateway::Deployment": create_deployment,
    "AWS::ApiGateway::Method": create_method,
    "AWS::ApiGateway::Resource": create_resource,
    "AWS::ApiGateway::RestApi": create_api,
    "AWS::ApiGateway::Stage": create_stage,
}
