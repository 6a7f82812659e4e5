"""Rules on functions themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import FUNCTION, Template, mapping, references

DOCS = "https://docs.aws.amazon.com/lambda/latest/dg/"

# The functions that CDK adds itself, which nobody can configure.
CDK_ENTRY_POINT = "__entrypoint__.handler"
CDK_SINGLETON = re.compile(r"[0-9a-f]{32}[0-9A-F]{8}$")

SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE)_?KEY)$",
    re.IGNORECASE,
)
SECRET_VALUE = re.compile(
    r"\{\{resolve:(secretsmanager|ssm-secure):"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10}"
    r"|\bsk_live_[A-Za-z0-9]{16}"
)


def own_log_group(template: Template) -> Iterator[Finding]:
    """Find functions whose logs are in a group that nobody made, or in another's."""
    kept = {
        name
        for _, group in template.of_type("AWS::Logs::LogGroup")
        for name in references(group.get("LogGroupName"))
    }
    owners: dict[str, str] = {}
    for logical_id, function in template.of_type(FUNCTION):
        if function.get("Handler") == CDK_ENTRY_POINT or CDK_SINGLETON.search(
            logical_id
        ):
            continue
        group = mapping(function.get("LoggingConfig")).get("LogGroup")
        if group is None:
            if logical_id not in kept:
                what = "Lambda makes its log group, which keeps everything for ever"
                yield Finding(logical_id, what, "Properties.LoggingConfig")
            continue
        owner = owners.setdefault(json.dumps(group, sort_keys=True), logical_id)
        if owner != logical_id:
            what = f"it writes into the log group of {owner}"
            yield Finding(logical_id, what, "Properties.LoggingConfig.LogGroup")


def environment_secret(template: Template) -> Iterator[Finding]:
    """Find secrets that everybody who may look at the function can read."""
    for logical_id, function in template.of_type(FUNCTION):
        environment = mapping(function.get("Environment"))
        for name, value in mapping(environment.get("Variables")).items():
            if _is_secret(name, value):
                where = f"Properties.Environment.Variables.{name}"
                yield Finding(logical_id, f"{name} looks like a secret", where)


def _is_secret(name: str, value: object) -> bool:
    if SECRET_VALUE.search(json.dumps(value)):
        return True
    # The ARN of a secret, or the name of a parameter, is none.
    known = isinstance(value, str) and value and not value.startswith(("arn:", "/"))
    return bool(known and SECRET_NAME.search(name))


RULES = (
    Rule(
        "own-log-group",
        "a function writes into a log group of its own, which the template has",
        "pass log_group=LogGroup(...) with a retention to the function",
        DOCS + "monitoring-cloudwatchlogs-loggroups.html",
        own_log_group,
    ),
    Rule(
        "environment-secret",
        "no secret is in an environment variable",
        "put it into Secrets Manager, pass its name, and read it in the handler",
        DOCS + "configuration-envvars.html#configuration-envvars-encryption",
        environment_secret,
    ),
)
