"""Rules on functions that invoke themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import (
    FUNCTION,
    Properties,
    Template,
    joined,
    references,
    texts,
)

DOCS = "https://docs.aws.amazon.com/lambda/latest/dg/"
Writes = Mapping[str, tuple[str, ...]]

BUCKETS = {"AWS::S3::Bucket": ("s3:PutObject", "s3:DeleteObject")}
STREAMS = {
    "AWS::Kinesis::Stream": ("kinesis:PutRecord", "kinesis:PutRecords"),
    **dict.fromkeys(
        ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"),
        (
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ),
    ),
}
MESSAGES = {
    "AWS::SQS::Queue": ("sqs:SendMessage",),
    "AWS::SNS::Topic": ("sns:Publish",),
}


def _sources(template: Template) -> dict[str, set[str]]:
    """Give what invokes each function, by rules and subscriptions as well."""
    found: dict[str, set[str]] = {}
    for kind, target, source in (
        ("AWS::Lambda::EventSourceMapping", "FunctionName", "EventSourceArn"),
        ("AWS::Lambda::Permission", "FunctionName", "SourceArn"),
        ("AWS::SNS::Subscription", "Endpoint", "TopicArn"),
        ("AWS::Events::Rule", "Targets", "EventPattern"),
    ):
        for _, properties in template.of_type(kind):
            function = template.function(properties.get(target))
            if function is not None:
                names = references(properties.get(source))
                found.setdefault(function, set()).update(names)
    return found


def _writes(template: Template, statement: Properties, kinds: Writes) -> Iterator[str]:
    """Give what a statement lets one write to, as a whole: not to a prefix of it."""
    if statement.get("Effect") != "Allow":
        return
    resources = statement.get("Resource")
    for each in resources if isinstance(resources, list) else [resources]:
        for name in template.named(each, *kinds):
            able = any(
                fnmatchcase(action, pattern)
                for action in kinds[template.type_of(name)]
                for pattern in texts(statement.get("Action"))
            )
            if able and _is_all_of_it(each):
                yield name


def _is_all_of_it(resource: object) -> bool:
    parts = joined(resource)
    return not parts or parts[-1] == "/*"


def loops(template: Template, kinds: Writes) -> Iterator[Finding]:
    """Find functions that may write to what invokes them."""
    sources = _sources(template)
    for logical_id, function in template.of_type(FUNCTION):
        roles = template.named(function.get("Role"), "AWS::IAM::Role")
        written = {
            name
            for role in roles
            for statement in template.statements.get(role, [])
            for name in _writes(template, statement, kinds)
        }
        for name in sorted(written & sources.get(logical_id, set())):
            what = f"it may write to {name}, which invokes it"
            yield Finding(logical_id, what, "Properties.Role")


def recursive_loop(template: Template) -> Iterator[Finding]:
    """Find functions that Lambda is not to stop, and those that send to themselves."""
    for logical_id, function in template.of_type(FUNCTION):
        if json.dumps(function.get("RecursiveLoop")) == '"Allow"':
            what = "Lambda does not stop it when it invokes itself"
            yield Finding(logical_id, what, "Properties.RecursiveLoop")
    yield from loops(template, MESSAGES)


REMEDY = "write to another place, or limit what it may write to by a prefix"

RULES = (
    Rule(
        "recursive-loop",
        "Lambda stops a function that invokes itself, and none may send to its source",
        "leave RecursiveLoop at Terminate, and send to another queue or topic",
        DOCS + "invocation-recursion.html",
        recursive_loop,
    ),
    Rule(
        "s3-recursion",
        "a function does not write into the bucket that invokes it",
        REMEDY,
        DOCS + "with-s3.html",
        partial(loops, kinds=BUCKETS),
    ),
    Rule(
        "stream-loop",
        "a function does not write to the stream or table that invokes it",
        "write to another stream or table, or filter out what it writes itself",
        DOCS + "invocation-recursion.html",
        partial(loops, kinds=STREAMS),
    ),
)
