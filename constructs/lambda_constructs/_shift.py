"""How traffic moves from one version of a function to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction

__all__: list[str] = []

PREDEFINED = {
    ("Canary", 10, 5): "LambdaCanary10Percent5Minutes",
    ("Canary", 10, 10): "LambdaCanary10Percent10Minutes",
    ("Canary", 10, 15): "LambdaCanary10Percent15Minutes",
    ("Canary", 10, 30): "LambdaCanary10Percent30Minutes",
    ("Linear", 10, 1): "LambdaLinear10PercentEvery1Minute",
    ("Linear", 10, 2): "LambdaLinear10PercentEvery2Minutes",
    ("Linear", 10, 3): "LambdaLinear10PercentEvery3Minutes",
    ("Linear", 10, 10): "LambdaLinear10PercentEvery10Minutes",
}
"""https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html."""


@dataclass(frozen=True)
class AllAtOnce:
    """Everything in one step."""

    def configuration(self, function: LambdaFunction) -> str:  # noqa: ARG002
        """Give the name of CodeDeploy's configuration."""
        return "CodeDeployDefault.LambdaAllAtOnce"


@dataclass(frozen=True)
class TimeBased:
    """In two steps or in equal ones, with minutes between them."""

    kind: str
    percentage: int
    minutes: int

    def configuration(self, function: LambdaFunction) -> str:
        """Give the name of CodeDeploy's configuration, or make one for the stack.

        An account has 25 of its own, so functions of a stack share theirs.
        """
        known = PREDEFINED.get((self.kind, self.percentage, self.minutes))
        if known is not None:
            return f"CodeDeployDefault.{known}"
        from aws_cdk import aws_codedeploy as codedeploy

        stack = Stack.of(function)
        id = f"Lambda{self.kind}{self.percentage}Percent{self.minutes}Minutes"
        made = stack.node.try_find_child(id)
        if made is None:
            made = codedeploy.CfnDeploymentConfig(
                stack,
                id,
                compute_platform="Lambda",
                traffic_routing_config={
                    "type": f"TimeBased{self.kind}",
                    f"timeBased{self.kind}": {
                        f"{self.kind.lower()}Interval": self.minutes,
                        f"{self.kind.lower()}Percentage": self.percentage,
                    },
                },
            )
        return cast("codedeploy.CfnDeploymentConfig", made).ref


@dataclass(frozen=True)
class Weights:
    """Two versions side by side, as the template says."""

    previous_version: str
    percentage: float

    def bind(self, function: LambdaFunction) -> None:
        """Divide the traffic of the live alias of *function*."""
        alias = cast("lambda_.CfnAlias", function.live.node.default_child)
        if self.percentage == 0:
            alias.function_version = self.previous_version
        elif self.percentage < 100:
            kinds = lambda_.CfnAlias
            alias.routing_config = kinds.AliasRoutingConfigurationProperty(
                additional_version_weights=[
                    kinds.VersionWeightProperty(
                        function_version=self.previous_version,
                        function_weight=round(1 - self.percentage / 100, 6),
                    )
                ]
            )


Shift: TypeAlias = AllAtOnce | TimeBased | Weights
