"""AWS CDK constructs that make the right way to run AWS Lambda the short way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambda_constructs._lazy import lazy_attributes
from lambda_constructs._node import require_node

if TYPE_CHECKING:
    from lambda_constructs.code import PythonCode
    from lambda_constructs.concurrency import (
        ProvisionedConcurrency,
        ScheduledScaling,
    )
    from lambda_constructs.deployment import Deployment
    from lambda_constructs.edge import EdgeFunction
    from lambda_constructs.errors import ConfigurationError
    from lambda_constructs.failure import (
        AsyncInvoke,
        FailureDestination,
        SuccessDestination,
    )
    from lambda_constructs.function import (
        EventSource,
        FunctionDefaults,
        FunctionOptions,
        LambdaFunction,
    )
    from lambda_constructs.monitoring import Monitoring
    from lambda_constructs.practices import Practice
    from lambda_constructs.rules import Rules
    from lambda_constructs.secrets import NotSecret

__all__ = [
    "AsyncInvoke",
    "ConfigurationError",
    "Deployment",
    "EdgeFunction",
    "EventSource",
    "FailureDestination",
    "FunctionDefaults",
    "FunctionOptions",
    "LambdaFunction",
    "Monitoring",
    "NotSecret",
    "Practice",
    "ProvisionedConcurrency",
    "PythonCode",
    "Rules",
    "ScheduledScaling",
    "SuccessDestination",
]

# Before anything imports aws_cdk, which starts Node.js and has no words for its lack.
require_node()

__getattr__ = lazy_attributes(
    __name__,
    {
        "AsyncInvoke": "failure",
        "ConfigurationError": "errors",
        "Deployment": "deployment",
        "EdgeFunction": "edge",
        "EventSource": "function",
        "FailureDestination": "failure",
        "FunctionDefaults": "function",
        "FunctionOptions": "function",
        "LambdaFunction": "function",
        "Monitoring": "monitoring",
        "NotSecret": "secrets",
        "Practice": "practices",
        "ProvisionedConcurrency": "concurrency",
        "PythonCode": "code",
        "Rules": "rules",
        "ScheduledScaling": "concurrency",
        "SuccessDestination": "failure",
    },
)
