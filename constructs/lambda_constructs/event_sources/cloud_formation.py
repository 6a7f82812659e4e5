"""AWS CloudFormation: a custom resource of a stack invokes, and waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from aws_cdk import CustomResource, Duration, RemovalPolicy

from lambda_constructs import limits
from lambda_constructs._known import function_arn_of, node_of
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    is_token,
    seconds,
)
from lambda_constructs.event_sources._push import (
    keep_failures,
    last_attempt_after,
    source_id,
)
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

__all__ = ["CloudFormationEventSource"]


@dataclass(frozen=True)
class CloudFormationEventSource:
    """Create, update and delete a custom resource of the stack.

    CloudFormation invokes asynchronously, with the credentials of whoever deploys, and
    waits until the function puts an answer to the event's `ResponseURL`: each time,
    for a failure and for `Delete` too, or the stack hangs until *service_timeout*.
    Lambda may deliver an event more than once, so the handler has to be idempotent.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html

    Attributes:
        resource_type: Its type: `Custom::` and letters, digits, `_`, `@` and `-`, up
            to 60 characters in all.
        id: The id of the construct, a child of the function.
        properties: What the event tells the function. A change of them is an update.
        removal_policy: What becomes of it with its stack: `RETAIN` never asks the
            function to delete it.
        service_timeout: How long CloudFormation waits for an answer, 1 second to an
            hour. Left out, as long as Lambda may take for all its attempts, and a
            minute.

    Raises:
        ConfigurationError: A value is out of range.
    """

    resource_type: str
    _: KW_ONLY
    id: str = "CustomResource"
    properties: Mapping[str, object] = field(default_factory=dict)
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY
    service_timeout: Duration | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        for name in ("id", "resource_type"):
            held = isinstance(getattr(self, name), str)
            check_type(name, getattr(self, name), "text", holds=held)
        held = isinstance(self.properties, Mapping)
        check_type("properties", self.properties, "a dictionary", holds=held)
        held = isinstance(self.removal_policy, RemovalPolicy)
        check_type("removal_policy", self.removal_policy, "a RemovalPolicy", holds=held)
        self._check_resource_type()
        check_duration("service_timeout", self.service_timeout)
        check_range(
            "service_timeout",
            seconds(self.service_timeout),
            *limits.CUSTOM_RESOURCE_TIMEOUT_SECONDS,
            unit="s",
        )

    def bind(self, function: LambdaFunction, /) -> CustomResource:
        """Define the resource, served by *function*.

        Raises:
            ConfigurationError: Another part of the function has its id.
        """
        id = source_id(function, self.id)
        keep_failures(function)
        self._check_vpc(function)
        resource = CustomResource(
            function,
            id,
            service_token=function_arn_of(function.live),
            properties=dict(self.properties),
            removal_policy=self.removal_policy,
            resource_type=self.resource_type,
            service_timeout=self._settled_timeout(function),
        )
        # The template names the alias alone, so the function would be asked before
        # it may do anything, and once more after that has been taken from it.
        node_of(resource).add_dependency(function.policy)
        return resource

    def _check_resource_type(self) -> None:
        type = self.resource_type
        if is_token(type):
            return
        most = limits.CUSTOM_RESOURCE_TYPE_CHARACTERS
        if (
            type is None
            or not limits.CUSTOM_RESOURCE_TYPE.fullmatch(type)
            or len(type) > most
        ):
            raise ConfigurationError(
                "resource_type must be 'Custom::' and letters, digits, '_', '@' and "
                f"'-', {most} characters at most, got {type!r}; name what it is, as in "
                "'Custom::Rows'"
            )

    def _check_vpc(self, function: LambdaFunction) -> None:
        network = function.network
        answers = network is not None and network.answer_cloudformation()
        if function.function.is_bound_to_vpc and not answers:
            Practice.CUSTOM_RESOURCE_VPC.warn(
                function,
                f"{self.resource_type} is answered by a request to S3, for which a "
                "function in a VPC needs an endpoint or a way out; give the VPC a "
                "gateway endpoint of S3, or leave vpc out",
            )

    def _settled_timeout(self, function: LambdaFunction) -> Duration | None:
        last, timeout = last_attempt_after(function), seconds(function.timeout)
        if last is None or timeout is None:
            return self.service_timeout
        longest = limits.CUSTOM_RESOURCE_TIMEOUT_SECONDS[1]
        needed = min(last + int(timeout), longest)
        if self.service_timeout is None:
            return Duration.seconds(min(needed + 60, longest))
        given = seconds(self.service_timeout)
        if given is not None and given < needed:
            Practice.CUSTOM_RESOURCE_TIMEOUT.warn(
                function,
                f"service_timeout of {self.resource_type} is {given:g} s, less than "
                f"the {needed:,} s that Lambda may take for all its attempts, so that "
                "one of them may go on when the stack has been rolled back; leave it "
                "out, or lower the timeout or retry_attempts of the function",
            )
        return self.service_timeout
