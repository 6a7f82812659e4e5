"""Rules on what invokes a function."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import (
    FUNCTION,
    Template,
    joined,
    mapping,
    number,
)

DOCS = "https://docs.aws.amazon.com/lambda/latest/dg/"
ALIAS = "AWS::Lambda::Alias"
MAPPING = "AWS::Lambda::EventSourceMapping"
PERMISSION = "AWS::Lambda::Permission"
VERSION = "AWS::Lambda::Version"
INVOKERS = {
    MAPPING: "FunctionName",
    PERMISSION: "FunctionName",
    "AWS::Lambda::Url": "TargetFunctionArn",
}
STREAMS = (
    "AWS::Kinesis::Stream",
    "AWS::Kinesis::StreamConsumer",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
)
RESOURCE_POLICY_BYTES = 20 * 1024


def _unqualified(template: Template) -> Iterator[tuple[str, str, str]]:
    """Give what invokes $LATEST: the resource, its property, the function."""
    for kind, name in INVOKERS.items():
        for logical_id, properties in template.of_type(kind):
            function = template.latest(properties.get(name))
            if function is not None and "Qualifier" not in properties:
                yield logical_id, name, function


def alias_bound(template: Template) -> Iterator[Finding]:
    """Find triggers of $LATEST, which a deployment changes under them."""
    early = set(_switched_on(template))
    for logical_id, name, function in _unqualified(template):
        if function not in early:
            what = f"it is for $LATEST of {function}"
            yield Finding(logical_id, what, f"Properties.{name}")


def _switched_on(template: Template) -> dict[str, str]:
    """Give what only versions have, by the function that switched it on."""
    found = {}
    for logical_id, properties in template.of_type(FUNCTION):
        if mapping(properties.get("SnapStart")).get("ApplyOn") == "PublishedVersions":
            found[logical_id] = "SnapStart"
    for _, properties in template.of_type(ALIAS, VERSION):
        function = template.function(properties.get("FunctionName"))
        if function and "ProvisionedConcurrencyConfig" in properties:
            found[function] = "provisioned concurrency"
    return found


def latest_inert(template: Template) -> Iterator[Finding]:
    """Find triggers of $LATEST where only versions start quickly."""
    switched_on = _switched_on(template)
    for logical_id, name, function in _unqualified(template):
        if function in switched_on:
            what = (
                f"it is for $LATEST of {function}, without its {switched_on[function]}"
            )
            yield Finding(logical_id, what, f"Properties.{name}")
    versioned = {
        template.function(properties.get("FunctionName"))
        for _, properties in template.of_type(VERSION)
    }
    for function, feature in switched_on.items():
        if function not in versioned:
            yield Finding(function, f"it has {feature} and no version that has it")


def _polled(template: Template, *types: str) -> Iterator[tuple[str, dict[str, object]]]:
    for logical_id, properties in template.of_type(MAPPING):
        if template.named(properties.get("EventSourceArn"), *types):
            yield logical_id, dict(properties)


def partial_batch(template: Template) -> Iterator[Finding]:
    """Find mappings where one bad message takes its whole batch with it."""
    for logical_id, properties in _polled(template, "AWS::SQS::Queue", *STREAMS):
        types = properties.get("FunctionResponseTypes", [])
        alone = number(properties.get("BatchSize"), 10) == 1
        if "ReportBatchItemFailures" not in str(types) and not alone:
            what = "one bad record makes its whole batch come again"
            yield Finding(logical_id, what, "Properties.FunctionResponseTypes")


def bounded_retries(template: Template) -> Iterator[Finding]:
    """Find streams that one bad record can block until it expires."""
    for logical_id, properties in _polled(template, *STREAMS):
        attempts = number(properties.get("MaximumRetryAttempts"), -1)
        age = number(properties.get("MaximumRecordAgeInSeconds"), -1)
        if attempts == -1 and age == -1:
            what = "a bad record is tried again until it expires"
            yield Finding(logical_id, what, "Properties.MaximumRetryAttempts")


def resource_policy(template: Template) -> Iterator[Finding]:
    """Find functions whose permissions fill their resource policy."""
    sizes: dict[str, int] = {}
    for logical_id, properties in template.of_type(PERMISSION):
        target = json.dumps(properties.get("FunctionName"), sort_keys=True)
        sizes[target] = sizes.get(target, 0) + _size(logical_id, properties)
        if sizes[target] > RESOURCE_POLICY_BYTES:
            what = f"about {sizes[target]:,} bytes of permissions with this one"
            sizes[target] = -(10**9)  # say it once
            yield Finding(logical_id, what, "Properties.FunctionName")


def _size(logical_id: str, properties: object) -> int:
    """Guess what a statement takes: a reference is some 30 characters, as names are."""
    given = dict(properties) if isinstance(properties, dict) else {}
    rendered = json.dumps([str(each) for each in map(_flat, given.values())])
    # Sid, Effect, Principal, Action, Resource, Condition and their punctuation.
    return len(rendered) + len(logical_id) + 150


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "".join(map(_flat, joined(value))) or "x" * 30
    return str(value)


RULES = (
    Rule(
        "alias-bound",
        "triggers invoke an alias or a version, never $LATEST",
        "let it invoke an alias, such as `function.add_alias('live')`, or define the "
        "function as a LambdaFunction, which has one",
        DOCS + "configuration-aliases.html",
        alias_bound,
    ),
    Rule(
        "latest-inert",
        "$LATEST is not invoked where SnapStart or provisioned concurrency is on",
        "invoke a version or an alias of one; $LATEST has neither of the two",
        DOCS + "snapstart.html",
        latest_inert,
    ),
    Rule(
        "partial-batch",
        "what is polled in batches reports the records that failed",
        "set report_batch_item_failures=True, and let the handler say which failed",
        DOCS + "services-sqs-errorhandling.html#services-sqs-batchfailurereporting",
        partial_batch,
    ),
    Rule(
        "stream-retry-attempts",
        "a stream's records are tried a bounded number of times",
        "set retry_attempts and on_failure on the event source",
        DOCS + "kinesis-on-failure-destination.html",
        bounded_retries,
    ),
    Rule(
        "resource-policy-size",
        "a function's permissions fit into the 20 KB of its resource policy",
        "give one permission for many sources, by the ARN of what they have in common",
        DOCS + "gettingstarted-limits.html",
        resource_policy,
    ),
)
