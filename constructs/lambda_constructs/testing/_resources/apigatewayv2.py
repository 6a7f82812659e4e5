"""API Gateway's HTTP APIs."""

from __future__ import annotations

import hashlib

from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._resources._create import Create, Created, Request


def create_api(request: Request) -> Created:
    """Create an API."""
    id = _id(request)
    _keep(request, "http api", id)
    host = f"https://{id}.execute-api.{request.account.region}.amazonaws.com"
    return Created(id, {"ApiEndpoint": host, "ApiId": id})


def create_integration(request: Request) -> Created:
    """Say what a route leads to."""
    id = _id(request)
    _keep(request, "integration", id)
    return Created(id, {"IntegrationId": id})


def create_route(request: Request) -> Created:
    """Let an API answer a method and a path."""
    id = _id(request)
    _keep(request, "route", id)
    return Created(id, {"RouteId": id})


def create_authorizer(request: Request) -> Created:
    """Say who may use a route."""
    id = _id(request)
    _keep(request, "http authorizer", id)
    return Created(id, {"AuthorizerId": id})


def create_stage(request: Request) -> Created:
    """Publish the API."""
    stage = str(request.properties["StageName"])
    _keep(request, "http stage", f"{request.properties['ApiId']}/{stage}")
    return Created(stage)


def _id(request: Request) -> str:
    name = f"{request.stack}/{request.logical_id}"
    return hashlib.sha256(name.encode()).hexdigest()[:10]


def _keep(request: Request, kind: str, ref: str) -> None:
    piece = Piece(ref, request.path, request.properties)
    fronts_of(request.account).add(kind, piece)


CREATE: dict[str, Create] = {
    "AWS::ApiGatewayV2::Authorizer": create_authorizer,
    "AWS::ApiGatewayV2::Api": create_api,
    "AWS::ApiGatewayV2::Integration": create_integration,
    "AWS::ApiGatewayV2::Route": create_route,
    "AWS::ApiGatewayV2::Stage": create_stage,
}
