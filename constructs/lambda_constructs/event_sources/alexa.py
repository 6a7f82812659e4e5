"""Alexa: a skill invokes with what somebody said, and speaks the answer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import region_of, stack_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    literal,
    seconds,
)
from lambda_constructs.event_sources._push import allow_invoke, source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["AlexaEventSource"]

CUSTOM = "alexa-appkit.amazon.com"
SMART_HOME = "alexa-connectedhome.amazon.com"


@dataclass(frozen=True)
class AlexaEventSource:
    """Answer for an Alexa skill, and for that skill alone.

    Alexa is told of the function in its developer console, or by the skill's manifest:
    by the ARN of the alias, `function.live.function_arn`. Without the skill's id in the
    permission, the skills of all other developers could call the function as well.

    https://developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
    https://developer.amazon.com/docs/smarthome/steps-to-build-a-smart-home-skill.html

    Attributes:
        skill_id: The skill's id, as `amzn1.ask.skill.` and a UUID.
        id: Tells this source from another of the same function.
        smart_home: Whether it is a smart home skill, and no custom one.

    Raises:
        ConfigurationError: A value is malformed.
    """

    skill_id: str
    _: KW_ONLY
    id: str = "Skill"
    smart_home: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        skill_id = literal(self.skill_id or "")  # without one, all skills may invoke
        if skill_id is not None and not limits.ALEXA_SKILL_ID.fullmatch(skill_id):
            raise ConfigurationError(
                "skill_id must be 'amzn1.ask.skill.' and a UUID, got "
                f"{self.skill_id!r}; copy it from the developer console of Alexa"
            )

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnPermission:
        """Let the skill invoke *function*.

        Raises:
            ConfigurationError: Another source of the function has this id, or the
                function keeps tenants apart.
        """
        id = source_id(function, self.id)
        check_tenants(function)
        self._check_region(function)
        self._check_timeout(function)
        return allow_invoke(
            function,
            id,
            principal=SMART_HOME if self.smart_home else CUSTOM,
            event_source_token=self.skill_id,
        )

    def _check_region(self, function: LambdaFunction) -> None:
        region = literal(region_of(stack_of(function)))
        if region is None or region in limits.ALEXA_REGIONS:
            return
        Practice.ALEXA_REGION.warn(
            function,
            f"Alexa is not known to invoke functions in {region}; define it in one of "
            f"{', '.join(sorted(limits.ALEXA_REGIONS))}",
        )

    def _check_timeout(self, function: LambdaFunction) -> None:
        timeout, most = seconds(function.timeout), limits.ALEXA_ANSWER_SECONDS
        if timeout is not None and timeout > most:
            Practice.ALEXA_TIMEOUT.warn(
                function,
                f"Alexa waits {most} s for an answer, and the function may take "
                f"{timeout:g} s; lower its timeout to {most} s",
            )
