"""A custom rule of AWS Config: every bucket says who pays for it."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_config as config
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import ConfigEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call


class ComplianceRuleStack(Stack):
    """A bucket is judged when it changes, and all of them once a day.

    The account needs a configuration recorder that records buckets.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Buckets must have the required tags")
        Monitoring(topic=on_call(self)).apply_to(self)

        judge = LambdaFunction(
            self,
            "Judge",
            code=handler_code("compliance_rule"),
            timeout=Duration.minutes(5),
            environment={"POWERTOOLS_SERVICE_NAME": "compliance"},
        )
        # Config has no resource-level permissions for what it has recorded.
        judge.allow(
            "config:BatchGetResourceConfig",
            "config:GetResourceConfigHistory",
            "config:ListDiscoveredResources",
            on="*",
        )
        judge.add_event_source(
            ConfigEventSource(
                configuration_changes=True,
                description="Checks if buckets have the tags cost-center and owner",
                input_parameters={"requiredTags": "cost-center,owner"},
                maximum_execution_frequency=(
                    config.MaximumExecutionFrequency.TWENTY_FOUR_HOURS
                ),
                scope=config.RuleScope.from_resource(config.ResourceType.S3_BUCKET),
            )
        )
