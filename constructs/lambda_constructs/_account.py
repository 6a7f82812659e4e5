"""What the functions of an app take of their account's concurrency."""

from __future__ import annotations

from aws_cdk import Stage
from constructs import Construct

from lambda_constructs import limits
from lambda_constructs._known import account_of, node_of, path_of, region_of, stack_of
from lambda_constructs.errors import ConfigurationError, is_token, literal

__all__: list[str] = []

CONTEXT = "lambda-constructs:account-concurrency"
"""The account's quota, where it is not the default: of an app, a stage or a stack."""

_LEDGER = "_lambda_constructs_concurrency"


def claim_concurrency(scope: Construct, claimed: float | None) -> None:
    """Set concurrency aside for the function *scope*, of its account and Region.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html

    Raises:
        ConfigurationError: The app's functions claim more than the account has to give.
    """
    if not literal(claimed):
        return
    quota = _quota(scope)
    most = max(0, quota - limits.UNRESERVED_CONCURRENCY)
    root, place = node_of(scope).root, _place(scope)
    ledger: dict[tuple[str, str], float] = getattr(root, _LEDGER, {})
    ledger[place] = total = ledger.get(place, 0) + (claimed or 0)
    setattr(root, _LEDGER, ledger)
    if total > most:
        raise ConfigurationError(
            "reserved and provisioned concurrency of the account's functions together "
            f"must be at most {most:,.0f}: its {quota:,} but "
            f"{limits.UNRESERVED_CONCURRENCY} that are for all; got {total:,.0f} with "
            f"the {claimed:,.0f} of this one; lower it, or say what the account's "
            f"quota is by the context {CONTEXT!r}, after "
            "`aws lambda get-account-settings`",
            scope=scope,
        )


def _quota(scope: Construct) -> int:
    given = node_of(scope).try_get_context(CONTEXT)
    if given is None:
        return limits.ACCOUNT_CONCURRENCY
    # What comes from the CLI's --context is text, and what comes from JSON a float.
    text = str(given).removesuffix(".0")
    if not text.isdecimal():
        raise ConfigurationError(
            f"the context {CONTEXT!r} must be a whole number, got {given!r}; `aws "
            "lambda get-account-settings` has it as AccountLimit.ConcurrentExecutions",
            scope=scope,
        )
    return int(text)


def _place(scope: Construct) -> tuple[str, str]:
    """Give account and Region; where they are open, each stage has its own."""
    stack, stage = stack_of(scope), Stage.of(scope)
    path = path_of(stage) if stage is not None else ""
    return (
        f"{path}?" if is_token(account_of(stack)) else account_of(stack),
        f"{path}?" if is_token(region_of(stack)) else region_of(stack),
    )
