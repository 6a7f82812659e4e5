"""What is known so far of a stack's failure stores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from lambda_constructs.redrive._aws import UNSUPPORTED, Aws
from lambda_constructs.redrive.stores import Origin, Store

RECORDS_OF_A_BUS = "Lambda Function Invocation Result"
MISSING = ("NonExistentQueue", "QueueDoesNotExist", "NotFound", "ResourceNotFound")


class Catalogue:
    """Collects stores, each once, whoever names it.

    Attributes:
        names: The construct paths of ARNs.
    """

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.names: dict[str, str] = {}
        self._stores: dict[str, Store] = {}
        self._queues: dict[str, Mapping[str, Any]] = {}

    def stores(self) -> list[Store]:
        """Give them by name, each under the path that its stack gives it."""
        named = [
            replace(store, name=self.name_of(arn))
            for arn, store in self._stores.items()
        ]
        return sorted(named, key=lambda store: store.name)

    def name_of(self, arn: str) -> str:
        """Give the construct path of an ARN, or the name in it."""
        own = arn.removeprefix("kafka://")
        return self.names.get(arn, own.rsplit(":", 1)[-1].rsplit("/", 1)[-1])

    def add(self, kind: str, arn: str, origin: Origin, note: str = "") -> None:
        """Add a store, or another origin of one that is known."""
        known = self._stores.get(arn)
        if known is None:
            self._stores[arn] = Store(arn, kind, arn, (origin,), note)
        elif origin not in known.origins:
            self._stores[arn] = replace(known, origins=(*known.origins, origin))

    def add_destination(self, arn: str, origin: Origin) -> None:
        """Add where Lambda sends records: a store, or what passes them on to one."""
        service = arn.split(":")[2] if arn.startswith("arn:") else "kafka"
        if service == "sqs":
            self.add("queue", arn, origin)
        elif service == "s3":
            self.add("bucket", arn, origin)
        elif service == "sns":
            self._add_topic(arn, origin)
        elif service == "events":
            self._add_bus(arn, origin)
        elif service == "lambda":
            note = "its records go on to a function; nothing is kept"
            self.add("function", arn, origin, note)
        else:
            note = "its records are in Kafka; read them with a consumer of your own"
            self.add("Kafka topic", arn, origin, note)

    def _add_topic(self, arn: str, origin: Origin) -> None:
        found = self.aws.pages(
            "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn
        )
        queues = [each["Endpoint"] for each in found if each["Protocol"] == "sqs"]
        for queue in queues:
            self.add("queue", queue, origin)
        if not queues:
            note = "no queue is subscribed, so that nothing is kept"
            self.add("topic", arn, origin, note)

    def _add_bus(self, arn: str, origin: Origin) -> None:
        """Add the queues to which rules of the bus send Lambda's records."""
        bus = arn.rsplit("/", 1)[1]
        queues = [
            target["Arn"]
            for rule in self.aws.pages(
                "events", "list_rules", "Rules", EventBusName=bus
            )
            if RECORDS_OF_A_BUS in rule.get("EventPattern", "")
            for target in self.aws.pages(
                "events",
                "list_targets_by_rule",
                "Targets",
                Rule=rule["Name"],
                EventBusName=bus,
            )
            if ":sqs:" in target["Arn"]
        ]
        for queue in queues:
            self.add("queue", queue, origin)
        if not queues:
            note = "no rule for Lambda's records leads to a queue; nothing is kept"
            self.add("event bus", arn, origin, note)

    # --- queues ------------------------------------------------------------

    def queue(self, arn_or_url: str) -> Mapping[str, Any]:
        """Give a queue's attributes; none where it is not there."""
        if arn_or_url not in self._queues:
            self._queues[arn_or_url] = self._attributes(arn_or_url)
        return self._queues[arn_or_url]

    def add_dead_letters_of(self, arn_or_url: str) -> None:
        """Add the dead-letter queue of a queue, if it has one."""
        attributes = self.queue(arn_or_url)
        policy = json.loads(attributes.get("RedrivePolicy") or "{}")
        target = policy.get("deadLetterTargetArn")
        if target:
            arn = attributes["QueueArn"]
            self.add("queue", target, Origin("queue", self.name_of(arn), arn, arn))

    def sources_of(self, url: str) -> Iterator[str]:
        """Give the URLs of the queues whose dead letters end in this one.

        They may be of other stacks; those of this one are found without it.
        """
        operation = "list_dead_letter_source_queues"
        try:
            yield from self.aws.pages("sqs", operation, "queueUrls", QueueUrl=url)
        except ClientError as error:
            if error.response["Error"]["Code"] not in UNSUPPORTED:
                raise

    def _attributes(self, arn_or_url: str) -> Mapping[str, Any]:
        sqs = self.aws.reader("sqs")
        try:
            url = arn_or_url
            if url.startswith("arn:"):
                url = queue_url(self.aws, arn_or_url)
            wanted = ["QueueArn", "RedrivePolicy"]
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)
        except ClientError as error:
            if any(each in str(error) for each in MISSING):
                return {}
            raise
        attributes: Mapping[str, Any] = answer.get("Attributes", {})
        return attributes


def queue_url(aws: Aws, arn: str) -> str:
    """Give the URL of a queue by its ARN."""
    account, name = arn.split(":")[4:6]
    answer = aws.reader("sqs").get_queue_url(
        QueueName=name, QueueOwnerAWSAccountId=account
    )
    return str(answer["QueueUrl"])
