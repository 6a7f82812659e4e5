"""Rules that every template of an app is checked by, plain functions included."""

from __future__ import annotations

from weakref import WeakSet

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from lambda_constructs.errors import ConfigurationError, check_scope, nearest
from lambda_constructs.rules._catalogue import RULES
from lambda_constructs.rules._plugin import NAMESPACE, RulesPlugin

__all__ = ["Rules"]

_applied: dict[int, IConstruct] = {}
_known: WeakSet[IConstruct] = WeakSet()


class Rules:
    """The practices that are checked on every template of an app, when it is written.

    They hold for all of an app that has a `LambdaFunction` or an `EdgeFunction`, also
    for functions of `aws_lambda`. An app without one says `Rules.apply_to(app)`.
    What is found is in CDK's validation report, by the id of the rule; what only warns
    fails `cdk synth --strict`.
    """

    @staticmethod
    def apply_to(scope: IConstruct) -> None:
        """Check every template of the app that *scope* belongs to, once.

        Raises:
            ConfigurationError: *scope* is no construct.
        """
        if scope in _known:
            return
        check_scope("apply_to()", scope)
        _known.add(scope)
        root = scope.node.root
        if id(root) not in _applied:
            Validations.of(root).add_plugins(RulesPlugin())
            # Held, since jsii forgets a Python object that nothing else holds, and
            # would then show the app as another one.
            _applied[id(root)] = root

    @staticmethod
    def acknowledge(scope: IConstruct, rule: str, *, reason: str) -> None:
        """Record why *scope* and all below it do not keep a rule, which silences it.

        Raises:
            ConfigurationError: There is no such rule, or no reason.
        """
        check_scope("acknowledge()", scope)
        name = str(rule).removeprefix(f"{NAMESPACE}::")
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
        if not (isinstance(reason, str) and reason.strip()):
            raise ConfigurationError(
                f"acknowledging {NAMESPACE}::{name} needs a reason, got none; "
                "say why the rule does not apply here",
                scope=scope,
            )
        Validations.of(scope).acknowledge(
            Acknowledgment(id=f"{NAMESPACE}::{name}", reason=reason)
        )
