"""Rules on functions themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import FUNCTION, Template, mapping, references
from lambda_constructs.secrets import METADATA as NOT_SECRET
from lambda_constructs.secrets import secret_in

DOCS = "https://docs.aws.amazon.com/lambda/latest/dg/"

# The functions that CDK adds itself, which nobody can configure.
CDK_ENTRY_POINT = "__entrypoint__.handler"
CDK_SINGLETON = re.compile(r"[0-9a-f]{32}[0-9A-F]{8}$")


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
        metadata = mapping(template.resources[logical_id].get("Metadata"))
        answered = mapping(metadata.get(NOT_SECRET))
        for name, value in mapping(environment.get("Variables")).items():
            if name not in answered and _is_secret(name, value):
                where = f"Properties.Environment.Variables.{name}"
                yield Finding(logical_id, f"{name} looks like a secret", where)


def _is_secret(name: str, value: object) -> bool:
    if isinstance(value, str):
        return secret_in(name, value) is not None
    # What is put together at the deployment says nothing by its name alone.
    return secret_in("", json.dumps(value)) is not None


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
