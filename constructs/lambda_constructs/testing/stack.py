"""A deployed stack: its resources by construct path, and what to do with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lambda_constructs.errors import nearest
from lambda_constructs.testing._cognito import UserPool
from lambda_constructs.testing._firehose import DeliveryStream
from lambda_constructs.testing._functions import (
    ASYNCHRONOUS_BYTES,
    SYNCHRONOUS_BYTES,
    FunctionState,
    Invocation,
    check_size,
)
from lambda_constructs.testing._http.handles import HttpHandles
from lambda_constructs.testing._metrics import FunctionMetrics
from lambda_constructs.testing._moto import messages_of, read_body
from lambda_constructs.testing._new_version import release
from lambda_constructs.testing._releasing import Release
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing._sources.handles import SourceHandles
from lambda_constructs.testing._workflows import StateMachine
from lambda_constructs.testing.alarm import Alarm
from lambda_constructs.testing.errors import AccountError
from lambda_constructs.testing.stream import Stream

if TYPE_CHECKING:
    from lambda_constructs.testing._authority import Access
    from lambda_constructs.testing._custom_resources import CustomResource
    from lambda_constructs.testing._faults import Fault
    from lambda_constructs.testing._resources._create import Created
    from lambda_constructs.testing._template import Resolver
    from lambda_constructs.testing.account import LocalAccount

__all__ = ["Bucket", "DeployedStack", "Function", "Queue", "Table"]

QUEUE = ("AWS::SQS::Queue",)
TABLE = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table")
BUCKET = ("AWS::S3::Bucket",)
STREAM = ("AWS::Kinesis::Stream",)
FUNCTION = ("AWS::Lambda::Function",)
MACHINE = ("AWS::StepFunctions::StateMachine",)
POOL = ("AWS::Cognito::UserPool",)
ALARM = ("AWS::CloudWatch::Alarm",)
DELIVERY = ("AWS::KinesisFirehose::DeliveryStream",)


@dataclass(frozen=True)
class _Resource:
    type: str
    path: str
    created: Created


class DeployedStack(HttpHandles, SourceHandles):
    """A stack in the account.

    Attributes:
        name: The stack's name.
        outputs: The template's outputs.
    """

    def __init__(
        self, account: LocalAccount, name: str, template: Mapping[str, Any]
    ) -> None:
        self.account = account
        self.name = name
        self.template = template
        self.outputs: dict[str, Any] = {}
        self.resolver: Resolver | None = None
        self._resources: dict[str, _Resource] = {}

    def queue(self, path: str) -> Queue:
        """Give a queue by its construct path below the stack."""
        return Queue(self.account, self.physical_id(path, *QUEUE), path)

    def table(self, path: str) -> Table:
        """Give a table by its construct path below the stack."""
        return Table(self.account, self.physical_id(path, *TABLE), path)

    def bucket(self, path: str) -> Bucket:
        """Give a bucket by its construct path below the stack."""
        return Bucket(self.account, self.physical_id(path, *BUCKET), path)

    def stream(self, path: str) -> Stream:
        """Give a data stream by its construct path below the stack."""
        return Stream(self.account, self.physical_id(path, *STREAM), path)

    def function(self, path: str) -> Function:
        """Give a function by the construct path of its `LambdaFunction`."""
        name = self.physical_id(path, *FUNCTION)
        return Function(self.account, self.account.functions[name], path)

    def release(self, path: str, files: Mapping[str, str] | None = None) -> Release:
        """Publish a new version of a function, and have CodeDeploy let it take over.

        It is the code that is live, with *files* of the package as they are given. What
        names the version in the template gets the new one first: the environment of
        hooks, the dimensions of alarms. Hooks answer and traffic moves as time passes:
        see `account.settle()` and `advance()`.

        Raises:
            AccountError: The function has no deployment by CodeDeploy.
        """
        return release(self, self.function(path).state, dict(files or {}))

    def custom_resource(self, path: str) -> CustomResource:
        """Give a custom resource by its construct path below the stack."""
        return self.account.custom_resources.find(self.name, path)

    def state_machine(self, path: str) -> StateMachine:
        """Give a state machine by its construct path below the stack."""
        return StateMachine(self.account, self.physical_id(path, *MACHINE), path)

    def user_pool(self, path: str) -> UserPool:
        """Give a user pool by its construct path below the stack."""
        return UserPool(self.account, self.physical_id(path, *POOL), path)

    def alarm(self, path: str) -> Alarm:
        """Give an alarm by its construct path below the stack."""
        return Alarm(self.account, self.physical_id(path, *ALARM), path)

    def alarms(self) -> list[Alarm]:
        """Give every alarm of the stack."""
        return [
            Alarm(self.account, each.created.ref, each.path)
            for each in self._resources.values()
            if each.type in ALARM
        ]

    def delivery_stream(self, path: str) -> DeliveryStream:
        """Give a delivery stream by its construct path below the stack."""
        return DeliveryStream(self.account, self.physical_id(path, *DELIVERY), path)

    def delete(self) -> None:
        """Let the custom resources be deleted, the last first; the rest stays.

        Raises:
            AccountError: The function of one failed it.
        """
        retained = {
            logical_id
            for logical_id, resource in self.template["Resources"].items()
            if resource.get("DeletionPolicy", "Delete") != "Delete"
        }
        self.account.custom_resources.delete(self.name, retained)

    def physical_id(self, path: str, *types: str) -> str:
        """Give what `Ref` gives, by construct path or logical id.

        Raises:
            AccountError: There is no such resource, or more than one.
        """
        of_type = {
            logical_id: each
            for logical_id, each in self._resources.items()
            if not types or each.type in types
        }
        for logical_id, each in of_type.items():
            if path in (logical_id, each.path):
                return each.created.ref
        below = [each for each in of_type.values() if each.path.startswith(path + "/")]
        if len(below) == 1:
            return below[0].created.ref
        known = [each.path for each in of_type.values()]
        what = types[0].rpartition("::")[2].lower() if types else "resource"
        if below:
            raise AccountError(
                f"{self.name} has more than one {what} below {path!r}; name one of "
                + ", ".join(sorted(each.path for each in below))
            )
        raise AccountError(
            f"{self.name} has no {what} {path!r}"
            + (nearest(path, known) or f"; it has {', '.join(sorted(known)) or 'none'}")
        )

    def of_type(self, *types: str) -> dict[str, str]:
        """Give what `Ref` gives of each resource of some types, by logical id."""
        return {
            logical_id: each.created.ref
            for logical_id, each in self._resources.items()
            if each.type in types
        }

    def add(self, logical_id: str, type: str, path: str, created: Created) -> None:
        """Take note of a resource that was created."""
        self._resources[logical_id] = _Resource(type, path, created)
        self.account.paths[created.ref] = path


@dataclass(frozen=True)
class Queue:
    """A queue, as its senders and its operators see it."""

    account: LocalAccount
    url: str
    path: str

    def send(
        self,
        *bodies: object,
        group: str | None = None,
        deduplication: str | None = None,
    ) -> None:
        """Send a message for each body; what is not text is sent as JSON."""
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            fifo: dict[str, str] = {}
            if group is not None:
                fifo["MessageGroupId"] = group
            if deduplication is not None:
                fifo["MessageDeduplicationId"] = deduplication
            self.account.client("sqs").send_message(
                QueueUrl=self.url, MessageBody=text, **fifo
            )
        count = "1 message" if len(bodies) == 1 else f"{len(bodies)} messages"
        self.account.note(self.path, "sent", count)

    def bodies(self) -> list[Any]:
        """Give the bodies of all messages, visible or not; JSON is parsed."""
        return [read_body(each.body) for each in self._messages()]

    def _messages(self) -> list[Any]:
        return messages_of(self.account, self.url.rsplit("/", 1)[1])

    def __len__(self) -> int:
        """Count the messages, visible or not."""
        return len(self._messages())


@dataclass(frozen=True)
class Table:
    """A table."""

    account: LocalAccount
    name: str
    path: str

    def items(self) -> list[dict[str, Any]]:
        """Give every item, sorted by its text."""
        pages = self.account.client("dynamodb").get_paginator("scan")
        found = [
            {key: TypeDeserializer().deserialize(each[key]) for key in each}
            for page in pages.paginate(TableName=self.name)
            for each in page["Items"]
        ]
        return sorted(found, key=str)

    def put(self, item: Mapping[str, Any]) -> None:
        """Put an item."""
        self.account.client("dynamodb").put_item(
            TableName=self.name,
            Item={key: TypeSerializer().serialize(item[key]) for key in item},
        )


@dataclass(frozen=True)
class Bucket:
    """A bucket."""

    account: LocalAccount
    name: str
    path: str

    def put(self, key: str, body: bytes | str) -> None:
        """Put an object."""
        content = body.encode() if isinstance(body, str) else body
        self.account.client("s3").put_object(Bucket=self.name, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.account.client("s3").delete_object(Bucket=self.name, Key=key)

    def keys(self) -> list[str]:
        """Give every key, sorted."""
        pages = self.account.client("s3").get_paginator("list_objects_v2")
        return sorted(
            each["Key"]
            for page in pages.paginate(Bucket=self.name)
            for each in page.get("Contents", [])
        )

    def read(self, key: str) -> bytes:
        """Give an object's content."""
        found = self.account.client("s3").get_object(Bucket=self.name, Key=key)
        return bytes(found["Body"].read())


@dataclass(frozen=True)
class Function:
    """A function, as its callers and its operators see it."""

    account: LocalAccount
    state: FunctionState
    path: str

    @property
    def invocations(self) -> list[Invocation]:
        """Every invocation so far, in order."""
        return list(self.state.invocations)

    @property
    def logs(self) -> list[str]:
        """Every line that it printed or logged, in order."""
        return [
            line
            for each in self.state.invocations
            for line in each.outcome.logs.splitlines()
        ]

    @property
    def name(self) -> str:
        """What Lambda calls it."""
        return self.state.name

    @property
    def metrics(self) -> FunctionMetrics:
        """What Lambda tells CloudWatch of it: `metrics["Errors"].sum`."""
        return FunctionMetrics(self.account.measured, self.state)

    @property
    def access(self) -> Access:
        """What its role allows, what was used, and what was refused."""
        return self.account.authority.access(self.state)

    def invoke(self, event: object, *, qualifier: str = "live") -> Outcome:
        """Invoke it and wait for the result, as `RequestResponse` does."""
        check_size(event, SYNCHRONOUS_BYTES)
        outcome = self.state.invoke(event, qualifier)
        self.account.clock.move_to(self.account.clock.now() + outcome.duration)
        return outcome

    def invoke_async(self, event: object, *, qualifier: str = "live") -> None:
        """Hand over an event and do not wait, as `Event` does."""
        check_size(event, ASYNCHRONOUS_BYTES)
        self.account.asynchronous.accept(self.state, qualifier, event)

    def fail(self, error: BaseException | None = None, *, times: int = 1) -> None:
        """Let the next invocations raise instead of running the handler."""
        self._fault(error or RuntimeError("fault on request"), times)

    def time_out(self, *, times: int = 1) -> None:
        """Let the next invocations use up their time."""
        self._fault("timeout", times)

    def throttle(self, *, times: int = 1) -> None:
        """Let the next invocations be refused."""
        self._fault("throttle", times)

    def start_cold(self) -> None:
        """Let the next invocation find no environment."""
        self._fault("cold", 1)

    def deliver_twice(self, *, times: int = 1) -> None:
        """Let the next events be delivered in two invocations each."""
        self._fault("twice", times)

    def _fault(self, fault: Fault, times: int) -> None:
        self.account.faults.add(self.state, fault, times)
