"""The rules as a plugin of CDK's validation."""

from __future__ import annotations

import json
import re
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
            _violation(template, rule, finding)
            for template in _templates(context.template_paths)
            for rule in RULES
            for finding in rule.check(template)
            if not _is_warned(template, rule, finding)
        ]
        failing = [each for each in violations if each.severity != "warning"]
        return PolicyValidationPluginReport(success=not failing, violations=violations)


def _violation(template: Template, rule: Rule, finding: Finding) -> PolicyViolation:
    return PolicyViolation(
        rule_name=rule.id,
        description=f"{_by_path(template, finding.what)}; {rule.title}",
        fix=f"{rule.remedy}; {rule.link}",
        severity=rule.severity,
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
    return re.sub(r"\b[A-Za-z0-9]+\b", lambda each: template.name_of(each[0]), text)


def _templates(paths: list[str]) -> list[Template]:
    """Read all templates, those of nested stacks included."""
    stacks = [Path(path) for path in paths]
    nested = dict.fromkeys(each for stack in stacks for each in _nested(stack))
    found = [Template.read(each) for each in (*stacks, *nested)]
    for each in found:
        each.app.extend(found)
    return found


def _nested(stack: Path) -> list[Path]:
    """Give the templates of nested stacks, which are assets of the outermost one."""
    listed = stack.with_name(stack.name.replace(".template.json", ".assets.json"))
    if not listed.exists():
        return []
    files = json.loads(listed.read_text("utf-8")).get("files", {})
    sources = (str(each.get("source", {}).get("path", "")) for each in files.values())
    return [
        stack.parent / each
        for each in sources
        if each.endswith(".nested.template.json")
    ]


def _is_warned(template: Template, rule: Rule, finding: Finding) -> bool:
    """Tell whether a construct has said the same already, and better."""
    path = template.paths.get(finding.logical_id, "")
    return any(
        f"{NAMESPACE}:{rule.id}" in ids and f"{path}/".startswith(f"{where}/")
        for where, ids in template.warned.items()
    )
