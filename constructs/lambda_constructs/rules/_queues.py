"""Rules on queues and their dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lambda_constructs import limits
from lambda_constructs.rules._rule import Finding, Rule
from lambda_constructs.rules._template import Template, number

DOCS = "https://docs.aws.amazon.com/"
DEAD_LETTERS = DOCS + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-"
QUEUE = "AWS::SQS::Queue"


def _polled(template: Template) -> Iterator[tuple[str, str, int, int]]:
    """Give each mapping of a queue: itself, the queue, its visibility, the timeout.

    Lambda's and SQS's defaults stand for what is unset.
    """
    for logical_id, mapping in template.of_type("AWS::Lambda::EventSourceMapping"):
        function = template.function(mapping.get("FunctionName"))
        for queue in template.named(mapping.get("EventSourceArn"), QUEUE):
            visible = number(template.properties(queue).get("VisibilityTimeout"), 30)
            timeout = number(template.properties(function).get("Timeout"), 3)
            if function and visible is not None and timeout is not None:
                yield logical_id, queue, visible, timeout


def visibility_refused(template: Template) -> Iterator[Finding]:
    """Find queues whose messages come back while their function still works."""
    for logical_id, queue, visible, timeout in _polled(template):
        if visible < timeout:
            what = f"{queue} hides them for {visible} s, the function takes {timeout} s"
            yield Finding(logical_id, what, "Properties.EventSourceArn")


def visibility(template: Template) -> Iterator[Finding]:
    """Find queues whose messages may come back before Lambda is through with them."""
    for logical_id, queue, visible, timeout in _polled(template):
        mapping = template.properties(logical_id)
        window = number(mapping.get("MaximumBatchingWindowInSeconds"), 0) or 0
        least = 6 * timeout + window
        if timeout <= visible < least:
            what = f"{queue} hides them for {visible} s, and {least} s are needed"
            yield Finding(logical_id, what, "Properties.EventSourceArn")


def _dead_letters(template: Template) -> Iterator[tuple[str, str]]:
    for logical_id, queue in template.of_type(QUEUE):
        for store in template.named(queue.get("RedrivePolicy"), QUEUE):
            yield logical_id, store


def _retention(template: Template, queue: str) -> int | None:
    told = template.properties(queue).get("MessageRetentionPeriod")
    return number(told, limits.SQS_DEFAULT_RETENTION_SECONDS)


def retention(template: Template) -> Iterator[Finding]:
    """Find dead letters that expire no later than the messages they were."""
    for source, store in _dead_letters(template):
        if template.properties(source).get("FifoQueue"):
            continue  # whose messages are young again when they move
        ours, theirs = _retention(template, source), _retention(template, store)
        if ours is not None and theirs is not None and theirs <= ours:
            what = f"it keeps messages for {theirs:,} s, {source} for {ours:,} s"
            yield Finding(store, what, "Properties.MessageRetentionPeriod")


def redrive_allow(template: Template) -> Iterator[Finding]:
    """Find dead-letter queues that do not say whose they are."""
    seen = set()
    for source, store in _dead_letters(template):
        allow = template.properties(store).get("RedriveAllowPolicy")
        if store in seen:
            continue
        seen.add(store)
        if allow is None:
            what = "it does not say which queues may send their dead letters to it"
            yield Finding(store, what, "Properties.RedriveAllowPolicy")
        elif "denyAll" in json.dumps(allow):
            what = f"it denies {source}, whose dead-letter queue it is"
            yield Finding(store, what, "Properties.RedriveAllowPolicy")


RULES = (
    Rule(
        "sqs-visibility-below-timeout",
        "a queue hides its messages for as long as its function may take",
        "raise the queue's visibility_timeout to six times the function's timeout",
        DOCS + "lambda/latest/dg/services-sqs-configure.html",
        visibility_refused,
        "fatal",
    ),
    Rule(
        "sqs-visibility-timeout",
        "a queue hides its messages for six function timeouts and the window",
        "raise the queue's visibility_timeout, or lower the function's timeout",
        DOCS + "lambda/latest/dg/services-sqs-configure.html",
        visibility,
    ),
    Rule(
        "sqs-dead-letter-retention",
        "dead letters are kept longer than the messages they were",
        "raise the retention_period of the dead-letter queue; a message keeps its age",
        DEAD_LETTERS + "queues.html",
        retention,
    ),
    Rule(
        "sqs-redrive-allow",
        "a dead-letter queue says which queues may use it",
        "set redrive_allow_policy on the dead-letter queue",
        DEAD_LETTERS + "queues.html",
        redrive_allow,
    ),
)
