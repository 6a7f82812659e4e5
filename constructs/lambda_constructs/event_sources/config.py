"""AWS Config: a custom rule has the function judge resources, when one changes or by
the clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_config as config

from lambda_constructs import limits
from lambda_constructs._known import account_of, function_arn_of, node_of, stack_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_type,
    is_token,
)
from lambda_constructs.event_sources._push import (
    allow_invoke,
    keep_failures,
    source_id,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.permissions import statement

__all__ = ["ConfigEventSource"]

CHANGES = (
    "ConfigurationItemChangeNotification",
    "OversizedConfigurationItemChangeNotification",
)
FREQUENCIES = {
    config.MaximumExecutionFrequency.ONE_HOUR: "One_Hour",
    config.MaximumExecutionFrequency.THREE_HOURS: "Three_Hours",
    config.MaximumExecutionFrequency.SIX_HOURS: "Six_Hours",
    config.MaximumExecutionFrequency.TWELVE_HOURS: "Twelve_Hours",
    config.MaximumExecutionFrequency.TWENTY_FOUR_HOURS: "TwentyFour_Hours",
}
"""https://docs.aws.amazon.com/config/latest/APIReference/API_SourceDetail.html."""


@dataclass(frozen=True, kw_only=True)
class ConfigEventSource:
    """Judge the resources of an account, as a custom rule of AWS Config.

    The function hands its verdicts to Config by PutEvaluations, which it is allowed.
    A change too large for an event arrives as a mere summary: the function then has
    to fetch the resource itself. The account needs a configuration recorder, without
    which Config refuses the rule.

    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_lambda-functions.html

    Attributes:
        configuration_changes: Whether a resource is judged when it changes.
        description: What the rule checks, up to 256 characters.
        evaluation_modes: Whether resources are judged that exist (detective), that are
            planned (proactive), or both. Left out, those that exist.
        id: Its name below the function; a second rule needs another.
        input_parameters: What the rule tells the function beside each event, up to
            1,024 characters as JSON.
        maximum_execution_frequency: How often the function is asked to judge
            everything, whatever changed. Left out, never.
        scope: Whose changes matter: those of some resource types, of one resource, or
            of what has a tag. Left out, those of all that is recorded.

    Raises:
        ConfigurationError: Nothing triggers the rule, or Config would refuse it.
    """

    configuration_changes: bool = False
    description: str | None = None
    evaluation_modes: config.EvaluationMode | None = None
    id: str = "ConfigRule"
    input_parameters: Mapping[str, str] | None = None
    maximum_execution_frequency: config.MaximumExecutionFrequency | None = None
    scope: config.RuleScope | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        if not self.configuration_changes and self.maximum_execution_frequency is None:
            raise ConfigurationError(
                "configuration_changes or maximum_execution_frequency must be given, "
                "got neither, so nothing triggers the rule; pass "
                "configuration_changes=True"
            )
        _check_length(
            "description", self.description, limits.CONFIG_DESCRIPTION_CHARACTERS
        )
        self._check_input_parameters()
        self._check_scope()

    def bind(self, function: LambdaFunction, /) -> config.CfnConfigRule:
        """Let the rule invoke *function*, which may then answer.

        Raises:
            ConfigurationError: Another source of the function has this id.
        """
        id = source_id(function, self.id)
        keep_failures(function)
        # Not AWSConfigRulesExecutionRole, which CDK attaches: it may read every
        # snapshot and call all of Config. PutEvaluations has no resources to name.
        function.policy.add_statements(statement(["config:PutEvaluations"], "*"))
        if function.network is not None:
            function.network.reach(["config:PutEvaluations"])
        # By account alone: Config checks the permission when it makes the rule, and
        # only then gives the rule its ARN.
        # https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_nodejs.html#restricted-lambda-policy
        permission = allow_invoke(
            function,
            f"{id}Permission",
            principal="config.amazonaws.com",
            source_account=account_of(stack_of(function)),
        )
        rule = config.CfnConfigRule(
            function,
            id,
            source=self._source(function_arn_of(function.live)),
            description=self.description,
            evaluation_modes=self._evaluation_modes(),
            input_parameters=dict(self.input_parameters or {}) or None,
            scope=self._scope(),
        )
        node_of(rule).add_dependency(permission, function.policy)
        return rule

    def _source(self, function_arn: str) -> config.CfnConfigRule.SourceProperty:
        kinds = config.CfnConfigRule
        details = [
            kinds.SourceDetailProperty(event_source="aws.config", message_type=each)
            for each in (CHANGES if self.configuration_changes else ())
        ]
        frequency = self.maximum_execution_frequency
        if frequency is not None:
            details.append(
                kinds.SourceDetailProperty(
                    event_source="aws.config",
                    message_type="ScheduledNotification",
                    maximum_execution_frequency=FREQUENCIES[frequency],
                )
            )
        return kinds.SourceProperty(
            owner="CUSTOM_LAMBDA",
            source_identifier=function_arn,
            source_details=details,
        )

    def _evaluation_modes(
        self,
    ) -> list[config.CfnConfigRule.EvaluationModeConfigurationProperty] | None:
        if self.evaluation_modes is None:
            return None
        kind = config.CfnConfigRule.EvaluationModeConfigurationProperty
        return [kind(mode=each) for each in self.evaluation_modes.modes]

    def _scope(self) -> config.CfnConfigRule.ScopeProperty | None:
        if self.scope is None:
            return None
        types = self.scope.resource_types
        return config.CfnConfigRule.ScopeProperty(
            compliance_resource_id=self.scope.resource_id,
            compliance_resource_types=(
                [each.compliance_resource_type for each in types] if types else None
            ),
            tag_key=self.scope.key,
            tag_value=self.scope.value,
        )

    def _check_types(self) -> None:
        for name, kind, wanted in (
            ("configuration_changes", bool, "True or False"),
            ("description", str, "text"),
            ("evaluation_modes", config.EvaluationMode, "an EvaluationMode"),
            ("id", str, "text"),
            ("input_parameters", Mapping, "a dictionary"),
            (
                "maximum_execution_frequency",
                config.MaximumExecutionFrequency,
                "a MaximumExecutionFrequency",
            ),
            ("scope", config.RuleScope, "a RuleScope"),
        ):
            given = getattr(self, name)
            check_type(name, given, wanted, holds=isinstance(given, kind))

    def _check_input_parameters(self) -> None:
        """Check that the values are text, which is all that Config passes on."""
        given = dict(self.input_parameters or {})
        for name, value in given.items():
            wanted = f"{name!r} of input_parameters"
            check_type(wanted, value, "text", holds=isinstance(value, str))
        written = json.dumps(given, separators=(",", ":"))
        most = limits.CONFIG_INPUT_PARAMETERS_CHARACTERS
        if not is_token(written) and len(written) > most:
            raise ConfigurationError(
                f"input_parameters must be at most {most:,} characters as JSON, got "
                f"{len(written):,}; keep them in a parameter of SSM, and pass its name"
            )

    def _check_scope(self) -> None:
        if self.scope is None:
            return
        types = self.scope.resource_types
        check_range(
            "resource types of scope",
            None if types is None else len(types),
            *limits.CONFIG_SCOPE_RESOURCE_TYPES,
        )
        key, value = self.scope.key, self.scope.value
        _check_length("tag of scope", key, limits.CONFIG_SCOPE_TAG_KEY_CHARACTERS)
        _check_length(
            "tag value of scope", value, limits.CONFIG_SCOPE_TAG_VALUE_CHARACTERS
        )


def _check_length(name: str, value: str | None, allowed: tuple[int, int]) -> None:
    if value is not None and not is_token(value):
        check_range(name, len(value), *allowed, unit="characters")
