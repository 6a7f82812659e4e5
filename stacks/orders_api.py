"""Orders behind an HTTP API, and behind a REST API: one table, one code."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import HttpApiEventSource, RestApiEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

ROUTES = [
    "GET /customers/{customer_id}/orders",
    "GET /customers/{customer_id}/orders/{order_id}",
    "POST /customers/{customer_id}/orders",
]

ACCESS_LOG = json.dumps(
    {
        "request_id": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "caller": "$context.identity.userArn",
        "time": "$context.requestTime",
        "method": "$context.httpMethod",
        "status": "$context.status",
        "latency": "$context.responseLatency",
        "error": "$context.integrationErrorMessage",
    }
)
"""Neither paths nor queries, which name customers."""

RATE, BURST = 100, 200


class OrdersApiStack(Stack):
    """An order is taken once for each `Idempotency-Key`; who asks signs by IAM.

    To have customers themselves sign in, give `HttpApiEventSource` an
    `HttpJwtAuthorizer`, and the handler the customer of the token.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Orders by an HTTP and a REST API")
        Monitoring(topic=on_call(self)).apply_to(self)

        orders = dynamodb.TableV2(
            self,
            "Orders",
            partition_key=dynamodb.Attribute(
                name="customer_id", type=dynamodb.AttributeType.STRING
            ),
            sort_key=dynamodb.Attribute(
                name="order_id", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        self._function("Http", orders).add_event_source(
            HttpApiEventSource(
                self._http_api(),
                routes=ROUTES,
                authorizer=authorizers.HttpIamAuthorizer(),
            )
        )
        self._function("Rest", orders).add_event_source(
            RestApiEventSource(
                self._rest_api(),
                routes=ROUTES,
                authorization_type=apigateway.AuthorizationType.IAM,
            )
        )

    def _function(self, kind: str, orders: dynamodb.TableV2) -> LambdaFunction:
        function = LambdaFunction(
            self,
            f"{kind}Orders",
            code=handler_code("orders_api"),
            handler=f"index.{kind.lower()}_handler",
            timeout=Duration.seconds(10),
            environment={
                "ORDERS_TABLE": orders.table_name,
                "POWERTOOLS_SERVICE_NAME": "orders",
            },
        )
        function.allow(
            "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", on=orders
        )
        return function

    def _http_api(self) -> apigatewayv2.HttpApi:
        api = apigatewayv2.HttpApi(self, "HttpApi", create_default_stage=False)
        # L1, since CDK's stage takes access logs by an interface that Python lacks.
        kinds = apigatewayv2.CfnStage
        kinds(
            self,
            "HttpStage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=kinds.AccessLogSettingsProperty(
                destination_arn=self._access_logs("HttpAccess").log_group_arn,
                format=ACCESS_LOG,
            ),
            default_route_settings=kinds.RouteSettingsProperty(
                throttling_rate_limit=RATE, throttling_burst_limit=BURST
            ),
        )
        return api

    def _rest_api(self) -> apigateway.RestApi:
        account = self._account()
        api = apigateway.RestApi(
            self,
            "RestApi",
            cloud_watch_role=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(
                access_log_destination=apigateway.LogGroupLogDestination(
                    self._access_logs("RestAccess")
                ),
                access_log_format=apigateway.AccessLogFormat.custom(ACCESS_LOG),
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                throttling_rate_limit=RATE,
                throttling_burst_limit=BURST,
                tracing_enabled=True,
            ),
        )
        api.deployment_stage.node.add_dependency(account)
        api.node.try_remove_child("Endpoint")  # an output that nobody asked for
        return api

    def _access_logs(self, id: str) -> logs.LogGroup:
        return logs.LogGroup(self, id, retention=logs.RetentionDays.ONE_YEAR)

    def _account(self) -> apigateway.CfnAccount:
        """Let REST APIs write logs, which they do by one role of account and Region.

        CDK's own role for this has a policy of AWS's for every log group of anybody.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        trusted = iam.ServicePrincipal("apigateway.amazonaws.com")
        role = iam.Role(self, "RestLogging", assumed_by=cast("iam.IPrincipal", trusted))
        policy = iam.ManagedPolicy(
            self,
            "RestLoggingPolicy",
            roles=[cast("iam.IRole", role)],
            statements=[
                iam.PolicyStatement(
                    actions=[
                        "logs:CreateLogGroup",
                        "logs:CreateLogStream",
                        "logs:DescribeLogStreams",
                        "logs:FilterLogEvents",
                        "logs:GetLogEvents",
                        "logs:PutLogEvents",
                    ],
                    resources=[self.format_arn(service="logs", resource="*")],
                ),
                # Of no group: they are listed.
                iam.PolicyStatement(
                    actions=["logs:DescribeLogGroups"], resources=["*"]
                ),
            ],
        )
        account = apigateway.CfnAccount(
            self, "RestAccount", cloud_watch_role_arn=role.role_arn
        )
        account.node.add_dependency(policy)
        return account
