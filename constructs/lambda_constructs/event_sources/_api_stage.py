"""What a stage needs that faces the world: a ceiling, and a line for each request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import IResource, Stage
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_constructs._defaults import FunctionDefaults
from lambda_constructs._encryption import let_logs_use, settled_key
from lambda_constructs._known import (
    node_of,
    path_of,
    resource_of,
    stack_of,
    stage_of,
)
from lambda_constructs._validation import gather_until_the_end
from lambda_constructs.errors import is_token
from lambda_constructs.practices import Practice

RATE, BURST = 1000, 500
"""A tenth of what a Region's APIs have together, in requests per second and at once.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

ACCESS_LOG = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "responseLatency": "$context.responseLatency",
        "integrationStatus": "$context.integrationStatus",
        "errorMessage": "$context.error.message",
        "integrationErrorMessage": "$context.integrationErrorMessage",
    }
)
"""Neither paths nor queries, which may name persons.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""


def settle_http_stage(api: apigatewayv2.HttpApi | apigatewayv2.IHttpApi) -> None:
    """Complete the stage that CDK makes of an HTTP API, where it says nothing."""
    if not isinstance(api, apigatewayv2.HttpApi):
        return
    default = cast("apigatewayv2.HttpStage | None", api.default_stage)
    stage = default and resource_of(default)
    if default is None or not isinstance(stage, apigatewayv2.CfnStage):
        return
    if stage.default_route_settings is None and stage.route_settings is None:
        stage.default_route_settings = apigatewayv2.CfnStage.RouteSettingsProperty(
            throttling_burst_limit=BURST, throttling_rate_limit=RATE
        )
    if stage.access_log_settings is None:
        stage.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=_access_logs(default).log_group_arn,
            format=ACCESS_LOG,
        )


def settle_rest_stage(api: apigateway.IRestApi) -> None:
    """Throttle the stage that CDK makes of a REST API, where it says nothing.

    Its access logs need a role that the account has one of in a Region, which is
    nobody's to set by the way; `warn_of_stages` tells of it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    stage = deployment_stage(api)
    if stage is not None and stage.method_settings is None:
        stage.method_settings = [
            apigateway.CfnStage.MethodSettingProperty(
                http_method="*",
                resource_path="/*",
                throttling_burst_limit=BURST,
                throttling_rate_limit=RATE,
            )
        ]


def deployment_stage(api: apigateway.IRestApi) -> apigateway.CfnStage | None:
    """Give the stage that CDK deploys a REST API to, if it does and the API is here."""
    if not isinstance(api, apigateway.RestApi):
        return None
    # None where CDK deploys nothing, which its types do not say.
    stage: apigateway.Stage | None = api.deployment_stage
    resource = resource_of(stage) if stage is not None else None
    return resource if isinstance(resource, apigateway.CfnStage) else None


Api = tuple[Construct, str]
ApiStage = apigateway.CfnStage | apigatewayv2.CfnStage

_apis: WeakKeyDictionary[Stage, list[Api]] = WeakKeyDictionary()
"""What has routes in each stage of the app, with its id."""


def warn_of_stages(api: IResource, api_id: str) -> None:
    """Tell at synthesis of stages without access logs, or without throttling.

    At synthesis, since a stage may be made, or told of them, after the routes.
    """
    # An imported API is none of Python's constructs, and its stages are not known.
    if not isinstance(api, Construct):
        return
    stage = stage_of(stack_of(api))
    if (api, api_id) not in _apis.get(stage, []):
        gather_until_the_end(_apis, stage, (api, api_id), _look_at_stages)


def _look_at_stages(stage: Stage, apis: list[Api]) -> list[str]:
    ours = [(api, id, stack_of(api).resolve(id)) for api, id in apis]
    for each in node_of(node_of(stage).root).find_all():
        if not isinstance(each, ApiStage):
            continue
        stack, said = stack_of(each), each._cfn_properties
        id = str(said.get("restApiId") or said.get("apiId"))
        own = stack.resolve(id)
        for api, api_id, resolved in ours:
            both = is_token(id) and is_token(api_id) and stack_of(api) is stack
            if id == api_id or (both and own == resolved):
                _warn_of_stage(api, each, stack.resolve(said))
    return []


def _access_logs(stage: Construct) -> logs.LogGroup:
    defaults = FunctionDefaults.of(stage)
    key = settled_key(stage, defaults.encryption_key)
    if key is not None:
        let_logs_use(key, stage)
    return logs.LogGroup(
        stage,
        "AccessLogs",
        encryption_key=key,
        retention=defaults.log_retention,
        removal_policy=defaults.log_removal_policy,
    )


def _warn_of_stage(api: Construct, stage: ApiStage, said: Mapping[str, object]) -> None:
    name = path_of(stage).removesuffix("/Resource")
    if not (said.get("accessLogSetting") or said.get("accessLogSettings")):
        Practice.API_ACCESS_LOGS.warn(
            api,
            f"{name} has no access logs, so that nothing tells of requests "
            "which never reached a function; give the stage a log group for them",
        )
    settings = [
        said.get(each)
        for each in ("defaultRouteSettings", "methodSettings", "routeSettings")
    ]
    if "throttling" not in str(settings).lower():
        Practice.API_THROTTLING.warn(
            api,
            f"{name} is not throttled, so that one client may use up the "
            "account's requests and concurrency; give the stage a rate and a burst",
        )
