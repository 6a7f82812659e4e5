"""What is checked of a receipt rule, and how it is named."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import ArnFormat, Names

from lambda_constructs import limits
from lambda_constructs._known import region_of, stack_of
from lambda_constructs.errors import ConfigurationError, literal
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice

SES = "ses.amazonaws.com"


def check_recipients(recipients: Sequence[str]) -> None:
    """Check that *recipients* are addresses, domains or, with a dot, subdomains.

    Raises:
        ConfigurationError: One is none of these, or there are too many.
    """
    if isinstance(recipients, str) or not isinstance(recipients, Sequence):
        raise ConfigurationError(
            f"recipients must be a list, got {recipients!r}; pass ['example.com']"
        )
    if len(recipients) > limits.SES_RECIPIENTS:
        raise ConfigurationError(
            f"recipients must be at most {limits.SES_RECIPIENTS}, got "
            f"{len(recipients)}; name their domain, or use a second source"
        )
    for each in recipients:
        text = literal(each)
        if text is None and each is not None:
            continue
        if not isinstance(text, str) or not limits.SES_RECIPIENT.fullmatch(text):
            raise ConfigurationError(
                f"recipients must each be an address, a domain, or a dot and a domain "
                f"for its subdomains, got {each!r}; SES has no wildcards"
            )


def check_region(function: LambdaFunction) -> None:
    """Tell that SES receives no mail in the function's Region, as far as is known."""
    region = literal(region_of(stack_of(function)))
    if region is not None and region not in limits.SES_RECEIVING_REGIONS:
        Practice.SES_REGION.warn(
            function,
            f"SES is not known to receive mail in {region}; deploy the stack to "
            "another Region, as eu-west-1",
        )


def rule_name(function: LambdaFunction, id: str) -> str:
    """Name a rule, since its ARN, which permissions need, is made of its name.

    A name that CloudFormation made up would be known only when the rule exists, and
    SES asks for its permissions before.
    """
    plain = re.sub("[^A-Za-z0-9]", "", id)[:20]
    return f"{Names.unique_resource_name(function, max_length=40)}-{plain}"


def rule_arn(function: LambdaFunction, rule_set_name: str, name: str) -> str:
    """Give the ARN that SES sends for.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html
    """
    return stack_of(function).format_arn(
        service="ses",
        resource="receipt-rule-set",
        resource_name=f"{rule_set_name}:receipt-rule/{name}",
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
