"""The permissions of rules, so that any number fits into a resource policy."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import account_of, node_of, region_of, stack_of
from lambda_constructs.event_sources._push import allow_invoke
from lambda_constructs.function import LambdaFunction

EVENTBRIDGE = "events.amazonaws.com"


_shared: WeakKeyDictionary[LambdaFunction, set[str]] = WeakKeyDictionary()
"""The ARNs for all rules of a bus that each function has a permission for."""


def allow_rule(
    function: LambdaFunction, id: str, rule: events.CfnRule, arn: str
) -> None:
    """Let *rule* invoke the live alias: it alone, while there is room for that.

    A function's resource policy holds 20 KB. Once a function has 30 permissions, the
    rules of a bus that has several share one, for whatever rule of that bus in this
    account and Region: who may make a rule there may then invoke the function. Rules of
    the account's own bus have ARNs without a bus, so theirs is for any rule.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    shared = _shared.get(function, set())
    full = len(function.permissions) >= limits.EXACT_PERMISSIONS
    all_rules = _arn_of_all(rule) if full or shared else ""
    if all_rules in shared:
        return
    beside = []
    if full:
        beside = [each for each in function.permissions if _is_beside(each, rule)]
    for each in beside:
        function.permissions.remove(each)
        node_of(function).try_remove_child(node_of(each).id)
    if beside:
        _shared[function] = {*shared, all_rules}
    allow_invoke(
        function,
        f"{id}OfBus" if beside else id,
        principal=EVENTBRIDGE,
        source_account=account_of(stack_of(function)) if beside else None,
        source_arn=all_rules if beside else arn,
    )


def _is_beside(permission: lambda_.CfnPermission, rule: events.CfnRule) -> bool:
    """Tell whether a permission is for one rule, of the same bus."""
    id = node_of(permission).id.removesuffix("Permission")
    scope = node_of(permission).scope
    other = node_of(scope).try_find_child(id) if scope else None
    return (
        isinstance(other, events.CfnRule)
        and other.event_bus_name == rule.event_bus_name
    )


def _arn_of_all(rule: events.CfnRule) -> str:
    stack, bus = stack_of(rule), rule.event_bus_name
    place = f"arn:{stack.partition}:events:{region_of(stack)}:{account_of(stack)}"
    return f"{place}:rule/*" if bus is None else f"{place}:rule/{bus}/*"
