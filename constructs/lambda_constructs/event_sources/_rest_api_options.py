"""What API Gateway would refuse about the methods of a REST API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aws_cdk import aws_apigateway as apigateway

from lambda_constructs.errors import ConfigurationError, check_type, is_token
from lambda_constructs.function import LambdaFunction

KINDS = apigateway.AuthorizationType

PLACE = r"(path|(multivalue)?(header|querystring))"
REQUEST = re.compile(rf"method\.request\.{PLACE}\.\S+")
INTEGRATION = re.compile(rf"integration\.request\.{PLACE}\.\S+")
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html."""

STAGE = re.compile("[A-Za-z0-9_-]{1,128}|test-invoke-stage")
"""https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html."""


def check_api(api: object) -> None:
    """Check that *api* is a REST API that resources can be added to.

    Raises:
        ConfigurationError: It is another kind, or imported without its root resource.
    """
    try:
        held = hasattr(api, "rest_api_id") and hasattr(api, "root")
    except RuntimeError:
        path = getattr(getattr(api, "node", None), "path", api)
        raise ConfigurationError(
            f"api must have a root resource, got imported {path} without; import it by "
            "RestApi.from_rest_api_attributes(..., root_resource_id=...)"
        ) from None
    if not held:
        raise ConfigurationError(
            f"api must be a RestApi of aws_apigateway, got {api!r}; pass the API itself"
        )


def check_stages(stages: Sequence[str]) -> None:
    """Check the names of *stages*.

    Raises:
        ConfigurationError: One is none that a stage can have.
    """
    for each in stages:
        if not is_token(each) and not STAGE.fullmatch(each):
            raise ConfigurationError(
                "stages must each be letters, digits, '_' and '-', 128 characters at "
                f"most, got {each!r}"
            )


def check_models(models: object) -> None:
    """Check that *models* are models by content type.

    Raises:
        ConfigurationError: They are something else.
    """
    held = isinstance(models, Mapping)
    check_type("request_models", models, "a dict", holds=held)
    for key, each in models.items() if isinstance(models, Mapping) else ():
        if not hasattr(each, "model_id"):
            raise ConfigurationError(
                f"request_models[{key!r}] must be a Model of aws_apigateway, got "
                f"{each!r}; pass what api.add_model() gave"
            )


def check_parameters(
    request: Mapping[str, bool] | None,
    integration: Mapping[str, str] | None,
    cache_keys: Sequence[str],
) -> None:
    """Check what a method takes of a request, and what it adds to the invocation.

    Raises:
        ConfigurationError: A name is none of API Gateway's, or a value of another type.
    """
    for name, given, form, kind in (
        ("request_parameters", request, REQUEST, bool),
        ("integration_request_parameters", integration, INTEGRATION, str),
    ):
        check_type(name, given, "a dict", holds=isinstance(given, Mapping))
        for key, value in (given or {}).items():
            _check_name(name, key, form)
            held = isinstance(value, kind)
            wanted = "True or False" if kind is bool else "text"
            if not held:
                raise ConfigurationError(
                    f"{name}[{key!r}] must be {wanted}, got {value!r}"
                )
    for each in cache_keys:
        _check_name("cache_key_parameters", each, REQUEST)
        if each not in (request or {}):
            required = each.startswith("method.request.path.")
            raise ConfigurationError(
                f"cache_key_parameters must be among request_parameters, got {each!r}; "
                f"pass request_parameters={{{each!r}: {required}}} too"
            )


def _check_name(option: str, name: object, form: re.Pattern[str]) -> None:
    if not isinstance(name, str) or not form.fullmatch(name):
        side = "method" if form is REQUEST else "integration"
        raise ConfigurationError(
            f"{option} must be named {side}.request.<place>.<name>, of header, path or "
            f"querystring, got {name!r}"
        )


def check_authorization(
    function: LambdaFunction,
    api: apigateway.RestApi | apigateway.IRestApi,
    authorizer: apigateway.IAuthorizer | None,
    authorization_type: apigateway.AuthorizationType | None,
    scopes: Sequence[str],
) -> None:
    """Check that somebody does what the methods ask for: else they would be open.

    https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html

    Raises:
        ConfigurationError: There is no authorizer, here or as the API's own.
    """
    named = authorization_type in (KINDS.COGNITO, KINDS.CUSTOM)
    if authorizer is not None or not (named or scopes):
        return
    default = api.root.default_method_options
    if default is not None and default.authorizer is not None:
        return
    if named and authorization_type is not None:
        asks = f"authorization_type {authorization_type.name} needs"
    else:
        asks = "authorization_scopes need"
    raise ConfigurationError(
        f"{asks} an authorizer, got none; pass authorizer=, as "
        "CognitoUserPoolsAuthorizer(...)",
        scope=function,
    )
