"""Lambda Insights with exactly what its extension does, and no policy of AWS's."""

from __future__ import annotations

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam

from lambda_constructs._known import stack_of
from lambda_constructs.permissions import statement

GROUP = "/aws/lambda-insights"

MANAGED = "CloudWatchLambdaInsightsExecutionRolePolicy"


class InsightsRole(iam.Role):
    """A role to which CDK cannot attach the managed policy of Lambda Insights.

    CDK's L2 adds it with the extension, whose layer it alone can find.
    """

    def add_managed_policy(self, policy: iam.IManagedPolicy) -> None:
        """Attach any other one."""
        if not policy.managed_policy_arn.endswith(MANAGED):
            super().add_managed_policy(policy)


def insights_statement(scope: iam.Role) -> iam.PolicyStatement:
    """Allow the extension to write where all functions of the Region do.

    AWS's own policy allows it in every account and Region, and to create any group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-Getting-Started.html
    """
    group = stack_of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{GROUP}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    actions = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    return statement(actions, group)
