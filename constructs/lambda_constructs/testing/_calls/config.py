"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Rule
from lambda_constructs.testing._calls.rules import anywhere, same_name

OPERATIONS: dict[str, Rule] = {
    **same_name(
        "config",
        anywhere,
        "BatchGetResourceConfig",
        "DescribeComplianceByConfigRule",
        "DescribeComplianceByResource",
        "DescribeConfigRules",
        "GetComplianceDetailsByResource",
        "GetResourceConfigHistory",
        "ListDiscoveredResources",
        "PutEvaluations",
        "SelectResourceConfig",
    ),
}
