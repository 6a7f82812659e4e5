"""The rules as a plugin of CDK's validation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

from lambda_constructs.rules._catalogue import RULES
from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import Template

NAMESPACE = "lambda-constructs"


@jsii.implements(IPolicyValidationPlugin)
class RulesPlugin:
    """Looks at the templates of an app when they have been written."""

    def __init__(self) -> None:
        self.strict = False

    @property
    def name(self) -> str:
        """What goes before the ids of rules."""
        return NAMESPACE

    @property
    def rule_ids(self) -> list[str]:
        """Every rule."""
        return [rule.id for rule in RULES]

    @property
    def version(self) -> None:
        """None, as CDK asks for none."""
        return

    def validate(
        self, context: IPolicyValidationContext
    ) -> PolicyValidationPluginReport:
        """Give what does not keep a rule."""
        violations = [
            self._violation(template, rule, finding)
            for template in _templates(context.template_paths)
            for rule in RULES
            for finding in rule.check(template)
            if not _is_warned(template, rule, finding)
        ]
        failing = [each for each in violations if each.severity != "warning"]
        return PolicyValidationPluginReport(success=not failing, violations=violations)

    def _violation(
        self, template: Template, rule: Rule, finding: Finding
    ) -> PolicyViolation:
        strictly = self.strict and rule.severity == "warning"
        return PolicyViolation(
            rule_name=rule.id,
            description=f"{_by_path(template, finding.what)}; {rule.title}",
            fix=f"{rule.remedy}; {rule.link}",
            severity="error" if strictly else rule.severity,
            violating_resources=[
                PolicyViolatingResource(
                    locations=[finding.location],
                    resource_logical_id=finding.logical_id,
                    template_path=str(template.path),
                )
            ],
        )


def _by_path(template: Template, text: str) -> str:
    """Name resources as their author does."""

    def path(found: re.Match[str]) -> str:
        named = template.paths.get(found[0], found[0])
        return named.strip("/").removesuffix("/Resource")

    return re.sub(r"\b[A-Za-z0-9]+\b", path, text)


def _templates(paths: list[str]) -> Iterator[Template]:
    folders = dict.fromkeys(Path(path).parent for path in paths)
    for path in paths:
        yield Template.read(Path(path))
    for folder in folders:
        for nested in sorted(folder.glob("*.nested.template.json")):
            yield Template.read(nested)


def _is_warned(template: Template, rule: Rule, finding: Finding) -> bool:
    """Tell whether a construct has said the same already, and better."""
    path = template.paths.get(finding.logical_id, "")
    return any(
        f"{NAMESPACE}:{rule.id}" in ids and f"{path}/".startswith(f"{where}/")
        for where, ids in template.warned.items()
    )
