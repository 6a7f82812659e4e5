"""Topics: who gets a message, and what becomes of one that nobody takes.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._sources.senders import (
    DeliveryError,
    Sender,
    call,
    invoke,
    queue_url,
)
from lambda_constructs.testing._sources.subscriptions import OUTSIDE, Subscription
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "sns.amazonaws.com"


class Topics:
    """Delivers what is published, whoever publishes it."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.subscriptions: dict[str, list[Subscription]] = {}
        account.observers.add("sns", "Publish", self._published)
        account.observers.add("sns", "PublishBatch", self._published_batch)
        account.observers.add("sns", "Subscribe", _refuse_function)

    def subscribe(
        self, properties: Mapping[str, Any], topic: str, path: str
    ) -> Subscription:
        """Add a subscription."""
        number = uuid.uuid5(uuid.NAMESPACE_URL, f"{topic}/{path}")
        made = Subscription.of(properties, topic, f"{topic}:{number}", path)
        self.subscriptions.setdefault(topic, []).append(made)
        self.account.paths[made.arn] = path
        return made

    def _published_batch(
        self, params: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        entries = {each["Id"]: each for each in params["PublishBatchRequestEntries"]}
        for done in answer.get("Successful", []):
            one = {**entries[done["Id"]], "TopicArn": params["TopicArn"]}
            self._published(one, done)

    def _published(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        topic = params.get("TopicArn") or params.get("TargetArn")
        subscriptions = self.subscriptions.get(str(topic), [])
        if not subscriptions:
            return
        self.account.note(self.account.path_of(str(topic)), "published")
        for each in subscriptions:
            message = self._message(params, answer, each.protocol)
            if each.wants(message):
                self._at_once(each, message, params)
            else:
                self.account.note(each.path, "filtered")

    def _at_once(
        self, to: Subscription, message: dict[str, Any], params: Mapping[str, Any]
    ) -> None:
        clock = self.account.clock
        clock.at(clock.now(), lambda: self._deliver(to, message, params))

    def _message(
        self, params: Mapping[str, Any], answer: Mapping[str, Any], protocol: str
    ) -> dict[str, Any]:
        """Give the message as subscribers get it."""
        text = str(params["Message"])
        if params.get("MessageStructure") == "json":
            by_protocol = json.loads(text)
            text = by_protocol.get(protocol, by_protocol["default"])
        now = datetime.fromtimestamp(self.account.clock.now(), UTC)
        return {
            "Type": "Notification",
            "MessageId": answer["MessageId"],
            "TopicArn": params.get("TopicArn") or params.get("TargetArn"),
            "Subject": params.get("Subject"),
            "Message": text,
            "Timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "MessageAttributes": {
                name: {
                    "Type": each["DataType"],
                    "Value": each.get("StringValue", each.get("BinaryValue")),
                }
                for name, each in params.get("MessageAttributes", {}).items()
            },
        }

    def _deliver(
        self, to: Subscription, message: dict[str, Any], params: Mapping[str, Any]
    ) -> None:
        """Deliver once: what a policy refuses is a client-side error."""
        sender = Sender(PRINCIPAL, to.topic)
        faults = self.account.sources.faults
        try:
            if faults.get(to.path, 0) > 0:
                faults[to.path] -= 1
                raise DeliveryError("NO_RESOURCE", "fault on request")
            if to.protocol == "lambda":
                body = json.dumps({"Records": [self._record(to, message)]})
                invoke(self.account, sender, to.endpoint, body)
            elif to.protocol == "sqs":
                sent = self._to_queue(to.endpoint, to, message, params)
                call(self.account, sender, "sqs", "SendMessage", sent)
            elif to.protocol in OUTSIDE:
                self.account.note(to.path, "sent", f"by {to.protocol} to {to.endpoint}")
            else:
                raise UnmodelledError(f"{to.path}: {to.protocol} is not modelled")
        except (DeliveryError, AccountError) as error:
            if isinstance(error, UnmodelledError):
                raise
            self._give_up(to, message, params, error)

    def _give_up(
        self,
        to: Subscription,
        message: dict[str, Any],
        params: Mapping[str, Any],
        error: Exception,
    ) -> None:
        account = self.account
        if to.dead_letters is None:
            account.note(to.path, "lost", f"no dead-letter queue; {error}")
            return
        sender = Sender(PRINCIPAL, to.topic)
        try:
            sent = self._to_queue(to.dead_letters, to, message, params)
            call(account, sender, "sqs", "SendMessage", sent)
        except DeliveryError as refused:
            account.note(to.path, "lost", str(refused))
            return
        account.note(to.path, "dead-lettered", to.dead_letters)

    def _record(self, to: Subscription, message: dict[str, Any]) -> dict[str, Any]:
        """Give a function's record.

        https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
        """
        return {
            "EventVersion": "1.0",
            "EventSubscriptionArn": to.arn,
            "EventSource": "aws:sns",
            "Sns": {**message, **self._urls(to, "SigningCertUrl", "UnsubscribeUrl")},
        }

    def _urls(self, to: Subscription, cert: str, unsubscribe: str) -> dict[str, str]:
        host = f"https://sns.{self.account.region}.amazonaws.com"
        leave = f"{host}/?Action=Unsubscribe&SubscriptionArn={to.arn}"
        return {cert: f"{host}/SimpleNotificationService.pem", unsubscribe: leave}

    def _to_queue(
        self,
        queue: str,
        to: Subscription,
        message: dict[str, Any],
        params: Mapping[str, Any],
    ) -> dict[str, Any]:
        sent: dict[str, Any] = {"QueueUrl": queue_url(self.account, queue)}
        if to.raw and to.protocol == "sqs":
            sent["MessageBody"] = message["Message"]
            if params.get("MessageAttributes"):
                sent["MessageAttributes"] = params["MessageAttributes"]
        else:
            body = message | self._urls(to, "SigningCertURL", "UnsubscribeURL")
            if not body["MessageAttributes"]:
                del body["MessageAttributes"]
            if body["Subject"] is None:
                del body["Subject"]
            sent["MessageBody"] = json.dumps(body, default=_text)
        if queue.endswith(".fifo"):
            sent["MessageGroupId"] = params["MessageGroupId"]
            key = params.get("MessageDeduplicationId", message["MessageId"])
            sent["MessageDeduplicationId"] = key
        return sent


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def _refuse_function(params: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    if params.get("Protocol") == "lambda":
        raise UnmodelledError(
            f"{params['TopicArn']}: subscribing a function by the API is not modelled; "
            "subscribe it in the template"
        )
