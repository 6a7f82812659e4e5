"""Rules that every template of an app is checked by, plain functions included."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct, Node

from lambda_constructs.errors import ConfigurationError, check_fields, nearest
from lambda_constructs.rules._catalogue import RULES
from lambda_constructs.rules._plugin import NAMESPACE, RulesPlugin

__all__ = ["Rules"]

_applied: dict[int, tuple[IConstruct, RulesPlugin]] = {}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The practices that are checked on every template of an app, when it is written.

    They hold for all of an app that has a `LambdaFunction` or an `EdgeFunction`, also
    for functions of `aws_lambda`. An app without one says `Rules().apply_to(app)`.
    What is found is in CDK's validation report, by the id of the rule.

    Attributes:
        strict: Whether what else only warns is to fail synthesis.
    """

    strict: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    def apply_to(self, scope: IConstruct) -> None:
        """Check every template of the app that *scope* belongs to.

        Said twice for one app, what was said later wins.

        Raises:
            ConfigurationError: *scope* is no construct.
        """
        if not isinstance(getattr(scope, "node", None), Node):
            raise ConfigurationError(
                f"apply_to() takes an app, a stack or a construct, got {scope!r}"
            )
        ensure(scope).strict = self.strict

    @staticmethod
    def acknowledge(scope: IConstruct, rule: str, *, reason: str) -> None:
        """Record why *scope* and all below it do not keep a rule, which silences it.

        Raises:
            ConfigurationError: There is no such rule, or no reason.
        """
        name = rule.removeprefix(f"{NAMESPACE}::")
        known = {each.id: each for each in RULES}
        if name not in known:
            raise ConfigurationError(
                f"acknowledge() takes the id of a rule, got {rule!r}"
                + nearest(name, known),
                scope=scope,
            )
        if known[name].severity == "fatal":
            raise ConfigurationError(
                f"{NAMESPACE}::{name} cannot be acknowledged, since AWS would refuse "
                f"the template; {known[name].remedy}",
                scope=scope,
            )
        if not reason.strip():
            raise ConfigurationError(
                f"acknowledging {NAMESPACE}::{name} needs a reason, got none; "
                "say why the rule does not apply here",
                scope=scope,
            )
        Validations.of(scope).acknowledge(
            Acknowledgment(id=f"{NAMESPACE}::{name}", reason=reason)
        )


def ensure(scope: IConstruct) -> RulesPlugin:
    """Have the rules checked on the app of *scope*, once."""
    root = scope.node.root
    if id(root) not in _applied:
        # Held beside the app: jsii forgets a Python object that nothing else holds.
        plugin = RulesPlugin()
        Validations.of(root).add_plugins(plugin)
        _applied[id(root)] = (root, plugin)
    return _applied[id(root)][1]
