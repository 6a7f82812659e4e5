"""The orders worker: every order is stored once, and a bad one fails alone."""

from __future__ import annotations

import io
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.parser.models import SqsModel
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import sqs_event, sqs_message
from tests.synthesized import Synthesized

TABLES = {"Orders": "orders", "Idempotency": "idempotency"}
THROTTLED = "ProvisionedThroughputExceededException"
FAULTY = "InternalServerError"
ATTEMPTS = 2
MIB = 1024 * 1024


class KilledError(BaseException):
    """Lambda ends the process: no `except Exception` sees it."""


def order(order_id: str = "o-1", **fields: Any) -> dict[str, Any]:
    items = [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}]
    return {"order_id": order_id, "customer_id": "c-1", "items": items} | fields


def line(**fields: Any) -> dict[str, Any]:
    return {"items": [{"sku": "A1", "quantity": 1, "unit_price": "1.00"} | fields]}


@dataclass
class Worker:
    """The handler after a cold start, its tables, and what it called."""

    module: ModuleType
    environment: dict[str, str]
    stdout: io.StringIO = field(default_factory=io.StringIO)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = boto3.resource("dynamodb")
        self.events = self.module.dynamodb.meta.events
        self.events.register("before-parameter-build.dynamodb", self.record)

    def record(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.calls.append((self.variable(params), f"dynamodb:{model.name}"))

    def variable(self, params: dict[str, Any]) -> str:
        """The variable that names the table of a call."""
        names = {
            value: name
            for name, value in self.environment.items()
            if name.endswith("_TABLE")
        }
        return names[params["TableName"]]

    def deliver(
        self, *messages: dict[str, Any], context: LambdaContext | None = None
    ) -> list[str]:
        """Invoke the handler and return the ids of the messages that failed."""
        response = self.module.handler(sqs_event(*messages), context or LambdaContext())
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def scan(self, variable: str) -> list[dict[str, Any]]:
        items = self.tables.Table(self.environment[variable]).scan()["Items"]
        return sorted(items, key=str)

    @property
    def orders(self) -> list[dict[str, Any]]:
        return self.scan("ORDERS_TABLE")

    @property
    def order_ids(self) -> list[str]:
        return [item["order_id"] for item in self.orders]

    @property
    def memory(self) -> list[dict[str, Any]]:
        return self.scan("IDEMPOTENCY_TABLE")

    @property
    def logs(self) -> list[dict[str, Any]]:
        """Every line so far; fails if one is not JSON."""
        return [json.loads(text) for text in self.stdout.getvalue().splitlines()]

    def wait_for_the_timeout(self) -> None:
        """Let the deadline of whoever holds an order pass."""
        table = self.tables.Table(self.environment["IDEMPOTENCY_TABLE"])
        for item in self.memory:
            table.put_item(Item=item | {"in_progress_expiration": 1})

    def before(
        self, variable: str, operation: str, act: Callable[[AWSPreparedRequest], Any]
    ) -> None:
        """Act before each attempt of a call; what *act* returns is the answer."""

        def before_send(request: AWSPreparedRequest, **_: object) -> Any:
            if self.variable(json.loads(request.body)) == variable:
                return act(request)
            return None

        self.events.register_first(f"before-send.dynamodb.{operation}", before_send)

    def fail(
        self, variable: str, operation: str, code: str, *, times: int = ATTEMPTS
    ) -> None:
        """Refuse the first attempts of a call."""
        answers = [error_response(code) for _ in range(times)]

        def act(request: AWSPreparedRequest) -> AWSResponse | None:
            if not answers:
                return None
            request.url = "http://127.0.0.1"  # moto processes what is sent to AWS
            return answers.pop()

        self.before(variable, operation, act)

    def lose_answer(self, variable: str, operation: str) -> None:
        """Process the first attempt of a call, and answer it with an error."""
        answers = [error_response(FAULTY)]
        self.before(variable, operation, lambda _: answers.pop() if answers else None)

    def kill(self, variable: str, operation: str) -> None:
        """End the first process that makes a call."""
        deaths = [KilledError()]

        def act(_: AWSPreparedRequest) -> None:
            if deaths:
                raise deaths.pop()

        self.before(variable, operation, act)


class RawBody(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def error_response(code: str) -> AWSResponse:
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}
    status = 500 if code == FAULTY else 400
    return AWSResponse("", status, {}, RawBody(json.dumps(body).encode()))


@pytest.fixture
def environment(assembly: dict[str, Synthesized]) -> dict[str, str]:
    """The variables of the template, with the names of the tables of this account."""
    function = assembly["sqs_worker"].named("AWS::Lambda::Function", "WorkerFunction")
    return {
        name: TABLES.get(value["Ref"][:-8], "") if isinstance(value, dict) else value
        for name, value in function["Environment"]["Variables"].items()
    }


@pytest.fixture
def grants(assembly: dict[str, Synthesized]) -> set[tuple[str, str]]:
    """What the template allows the worker: each variable's table and an action."""
    stack = assembly["sqs_worker"]
    function = stack.named("AWS::Lambda::Function", "WorkerFunction")
    variables = {
        value["Ref"]: name
        for name, value in function["Environment"]["Variables"].items()
        if isinstance(value, dict)
    }
    policy = stack.named("AWS::IAM::ManagedPolicy", "WorkerPolicy")["PolicyDocument"]
    found = set()
    for statement in policy["Statement"]:
        resource, actions = statement["Resource"], statement["Action"]
        target = resource["Fn::GetAtt"][0] if isinstance(resource, dict) else resource
        if target in variables:
            every = [actions] if isinstance(actions, str) else actions
            found |= {(variables[target], action) for action in every}
    return found


@pytest.fixture
def worker(
    assembly: dict[str, Synthesized],
    environment: dict[str, str],
    grants: set[tuple[str, str]],
    cold_start: ColdStart,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Worker]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for logical_id, name in TABLES.items():
        table = assembly["sqs_worker"].named("AWS::DynamoDB::GlobalTable", logical_id)
        boto3.client("dynamodb").create_table(
            TableName=name,
            BillingMode=table["BillingMode"],
            KeySchema=table["KeySchema"],
            AttributeDefinitions=table["AttributeDefinitions"],
        )
    with redirect_stdout(io.StringIO()) as stdout:
        module = cold_start("sqs_worker", **environment)
    worker = Worker(module, environment, stdout)
    yield worker
    assert set(worker.calls) <= grants


class TestColdStart:
    @pytest.mark.parametrize("variable", ["ORDERS_TABLE", "IDEMPOTENCY_TABLE"])
    def test_fails_if_a_variable_is_missing(
        self, environment: dict[str, str], cold_start: ColdStart, variable: str
    ) -> None:
        """
        A deployment that forgets a variable fails at once, not at the first order.
        """
        del environment[variable]

        with pytest.raises(KeyError, match=variable):
            cold_start("sqs_worker", **environment)

    def test_events_have_the_documented_shape(self) -> None:
        """
        What these tests deliver is what Powertools knows as an SQS event.
        """
        event = sqs_event(sqs_message(order(), "m-1"))

        assert ["m-1"] == [record.message_id for record in SQSEvent(event).records]
        assert "m-1" == SqsModel.model_validate(event).Records[0].messageId


class TestGoodOrders:
    def test_stores_an_order_with_its_total(self, worker: Worker) -> None:
        """
        An order is stored as it was sent, with a total that is exact.
        """
        items = [
            {"sku": "A1", "quantity": 3, "unit_price": "0.10"},
            {"sku": "B2", "quantity": 1, "unit_price": "9.95"},
        ]

        assert [] == worker.deliver(sqs_message(order(items=items)))
        assert [
            {
                "order_id": "o-1",
                "customer_id": "c-1",
                "items": [
                    {"sku": "A1", "quantity": 3, "unit_price": Decimal("0.10")},
                    {"sku": "B2", "quantity": 1, "unit_price": Decimal("9.95")},
                ],
                "total": Decimal("10.25"),
            }
        ] == worker.orders

    def test_stores_every_order_of_a_batch(self, worker: Worker) -> None:
        """
        A full batch of good orders is stored and nothing is reported.
        """
        ids = [f"o-{number}" for number in range(10)]

        assert [] == worker.deliver(*(sqs_message(order(order_id)) for order_id in ids))
        assert ids == worker.order_ids

    @pytest.mark.parametrize("price", ["9.9", "9.90", 9.9, "0", 0, "99999999.99"])
    def test_reads_prices_exactly(self, worker: Worker, price: Any) -> None:
        """
        A price is what the text of it says, whether a string or a number.
        """
        worker.deliver(sqs_message(order(**line(unit_price=price))))

        assert Decimal(str(price)) == worker.orders[0]["total"]

    def test_the_largest_order_fits_into_an_item(self, worker: Worker) -> None:
        """
        What passes validation cannot exceed DynamoDB's 400 KB.
        """
        item = {"sku": "s" * 64, "quantity": 1000, "unit_price": "99999999.99"}
        largest = order("o" * 64, customer_id="c" * 64, items=[item] * 100)

        assert [] == worker.deliver(sqs_message(largest))
        assert len(json.dumps(worker.orders, default=str)) < 400 * 1024


BAD_ORDERS = {
    "not JSON": "poison",
    "empty": "",
    "not an object": "[]",
    "null": "null",
    "no order_id": {key: order()[key] for key in ("customer_id", "items")},
    "no items": order(items=[]),
    "too many items": order(items=line()["items"] * 101),
    "empty order_id": order(""),
    "long order_id": order("o" * 65),
    "blank in order_id": order("o 1"),
    "line break after order_id": order("o-1\n"),
    "number as order_id": order(order_id=1),
    "empty customer_id": order(customer_id=""),
    "quantity 0": order(**line(quantity=0)),
    "negative quantity": order(**line(quantity=-1)),
    "huge quantity": order(**line(quantity=1001)),
    "half a quantity": order(**line(quantity=0.5)),
    "quantity in words": order(**line(quantity="two")),
    "true as quantity": order(**line(quantity=True)),
    "negative price": order(**line(unit_price="-0.01")),
    "fraction of a cent": order(**line(unit_price="0.001")),
    "huge price": order(**line(unit_price="100000000.00")),
    "price in words": order(**line(unit_price="cheap")),
    "price NaN": order(**line(unit_price="NaN")),
    "price Infinity": order(**line(unit_price="Infinity")),
    "price null": order(**line(unit_price=None)),
    "unknown field": order(discount="1.00"),
    "unknown field of an item": order(**line(colour="red")),
}
OVERSIZED = {
    "one long string": "x" * MIB,
    "long order_id": order("o" * (MIB - 200)),
    "long name of a field": order(**{"f" * (MIB - 200): 1}),
    "many items": order(items=line()["items"] * 20_000),
    "many fields": order(**{f"field{number}": 0 for number in range(62_000)}),
    "deep nesting": "[" * MIB,
}


class TestBadOrders:
    @pytest.mark.parametrize("body", BAD_ORDERS.values(), ids=BAD_ORDERS)
    def test_a_bad_order_fails_alone(
        self, worker: Worker, body: str | dict[str, Any]
    ) -> None:
        """
        Only the bad order is reported; its neighbours are stored.
        """
        failed = worker.deliver(
            sqs_message(order("before")),
            sqs_message(body, "bad"),
            sqs_message(order("after")),
        )

        assert ["bad"] == failed
        assert ["after", "before"] == worker.order_ids

    @pytest.mark.parametrize("body", OVERSIZED.values(), ids=OVERSIZED)
    def test_an_oversized_order_fails_alone(
        self,
        worker: Worker,
        body: str | dict[str, Any],
    ) -> None:
        """
        A message of SQS's limit of 1 MiB is refused, and does not flood the logs.
        """
        huge = sqs_message(body, "huge")

        assert 0.9 * MIB < len(huge["body"]) <= MIB
        assert ["huge"] == worker.deliver(huge, sqs_message(order()))
        assert ["o-1"] == worker.order_ids
        assert len(json.dumps(worker.logs)) < 10_000

    def test_fails_if_every_order_is_bad(self, worker: Worker) -> None:
        """
        A batch without a good order is an error of the function, so alarms see it.
        """
        with pytest.raises(BatchProcessingError, match="All records failed"):
            worker.deliver(sqs_message("poison"))

        assert [] == worker.orders
        assert [] == worker.memory

    @pytest.mark.parametrize("event", [{"Records": []}, {}])
    def test_fails_if_the_batch_is_empty(
        self, worker: Worker, event: dict[str, Any]
    ) -> None:
        """
        SQS never sends an empty batch, so one is a mistake of the caller.
        """
        with pytest.raises(BatchProcessingError, match="Unexpected batch event"):
            worker.module.handler(event, LambdaContext())


class TestDuplicates:
    def test_a_message_delivered_again_is_stored_once(self, worker: Worker) -> None:
        """
        Standard queues deliver at least once; the second delivery succeeds idly.
        """
        message = sqs_message(order())

        assert [] == worker.deliver(message)
        assert [] == worker.deliver(message)
        assert 1 == worker.calls.count(("ORDERS_TABLE", "dynamodb:PutItem"))

    def test_a_message_twice_in_a_batch_is_stored_once(self, worker: Worker) -> None:
        """
        Both copies in one batch succeed.
        """
        message = sqs_message(order())

        assert [] == worker.deliver(message, message)
        assert 1 == worker.calls.count(("ORDERS_TABLE", "dynamodb:PutItem"))

    @pytest.mark.parametrize("price", ["9.90", "9.9", 9.9])
    def test_an_order_sent_again_is_stored_once(
        self, worker: Worker, price: Any
    ) -> None:
        """
        A producer's retry is a new message with the same order, however it writes it.
        """
        first = sqs_message(order(**line(unit_price="9.90")), "m-1")
        again = sqs_message(order(**line(unit_price=price)), "m-2")

        assert [] == worker.deliver(first)
        assert [] == worker.deliver(again)
        assert 1 == worker.calls.count(("ORDERS_TABLE", "dynamodb:PutItem"))

    @pytest.mark.parametrize("forgotten", [False, True])
    def test_fails_if_another_order_has_the_id(
        self, worker: Worker, forgotten: bool
    ) -> None:
        """
        A different order under a known id is reported, not dropped and not stored,
        even when the record of the first has expired.
        """
        worker.deliver(sqs_message(order()))
        if forgotten:
            self.forget(worker)
        other = sqs_message(order(customer_id="c-2"), "other")

        assert ["other"] == worker.deliver(other, sqs_message(order("o-2")))
        assert ["c-1", "c-1"] == [item["customer_id"] for item in worker.orders]

    def test_an_order_is_known_after_its_record_expired(self, worker: Worker) -> None:
        """
        The same order after the expiry succeeds, and what others added to it stays.
        """
        worker.deliver(sqs_message(order()))
        self.forget(worker)
        shipped = worker.orders[0] | {"status": "shipped"}
        worker.tables.Table("orders").put_item(Item=shipped)

        assert [] == worker.deliver(sqs_message(order()))
        assert [shipped] == worker.orders

    def test_a_record_outlives_every_message(self, worker: Worker) -> None:
        """
        SQS keeps a message for 14 days at most; the record stays as long.
        """
        worker.deliver(sqs_message(order()))

        days_left = (worker.memory[0]["expiration"] - Decimal(time.time())) / 86_400
        assert 14 == round(days_left, 2)

    def test_a_renamed_function_remembers(
        self, worker: Worker, cold_start: ColdStart, environment: dict[str, str]
    ) -> None:
        """
        A record belongs to the order, not to the name of the function.
        """
        worker.deliver(sqs_message(order()))
        named = environment | {"AWS_LAMBDA_FUNCTION_NAME": "replacement"}
        replacement = Worker(cold_start("sqs_worker", **named), environment)

        assert [] == replacement.deliver(sqs_message(order()))
        assert [("IDEMPOTENCY_TABLE", "dynamodb:PutItem")] == replacement.calls

    @staticmethod
    def forget(worker: Worker) -> None:
        for item in worker.memory:
            worker.tables.Table("idempotency").delete_item(Key={"id": item["id"]})


class TestDynamoDBFaults:
    def test_a_throttled_call_is_tried_again(self, worker: Worker) -> None:
        """
        A short throttle costs a retry of the SDK, not a delivery.
        """
        worker.fail("ORDERS_TABLE", "PutItem", THROTTLED, times=ATTEMPTS - 1)

        assert [] == worker.deliver(sqs_message(order()))
        assert 1 == len(worker.orders)

    def test_a_throttled_order_goes_back_to_the_queue(self, worker: Worker) -> None:
        """
        A longer throttle returns the message; the next delivery stores it once.
        """
        worker.fail("ORDERS_TABLE", "PutItem", THROTTLED)
        throttled = sqs_message(order("o-1"), "throttled")

        assert ["throttled"] == worker.deliver(throttled, sqs_message(order("o-2")))
        assert ["o-2"] == worker.order_ids

        assert [] == worker.deliver(throttled)
        assert ["o-1", "o-2"] == worker.order_ids

    def test_fails_if_every_order_is_throttled(self, worker: Worker) -> None:
        """
        A table that takes nothing is an error of the function, so alarms see it.
        """
        worker.fail("ORDERS_TABLE", "PutItem", THROTTLED)

        with pytest.raises(BatchProcessingError, match=THROTTLED):
            worker.deliver(sqs_message(order()))

    def test_no_order_is_stored_without_a_record(self, worker: Worker) -> None:
        """
        When the idempotency table takes no record, the order waits in the queue.
        """
        worker.fail("IDEMPOTENCY_TABLE", "PutItem", FAULTY)

        with pytest.raises(BatchProcessingError, match="idempotency store"):
            worker.deliver(sqs_message(order()))

        assert [] == worker.orders
        assert [] == worker.deliver(sqs_message(order()))
        assert 1 == len(worker.orders)

    def test_an_order_stored_without_its_success_is_stored_once(
        self, worker: Worker
    ) -> None:
        """
        When only the success cannot be recorded, the next delivery finds the order.
        """
        worker.fail("IDEMPOTENCY_TABLE", "UpdateItem", FAULTY)
        message = sqs_message(order(), "m-1")

        assert ["m-1"] == worker.deliver(message, sqs_message(order("o-2")))
        worker.wait_for_the_timeout()

        assert [] == worker.deliver(message)
        assert ["o-1", "o-2"] == worker.order_ids

    def test_a_lost_answer_of_the_order_is_no_failure(self, worker: Worker) -> None:
        """
        When the SDK repeats a put that was done, the order is found, not refused.
        """
        worker.lose_answer("ORDERS_TABLE", "PutItem")

        assert [] == worker.deliver(sqs_message(order()))
        assert ["o-1"] == worker.order_ids

    def test_a_lost_answer_of_the_record_delays_the_order(self, worker: Worker) -> None:
        """
        When the SDK repeats a record that was put, the order waits for the deadline.
        """
        worker.lose_answer("IDEMPOTENCY_TABLE", "PutItem")
        message = sqs_message(order(), "m-1")

        assert ["m-1"] == worker.deliver(message, sqs_message(order("o-2")))
        worker.wait_for_the_timeout()

        assert [] == worker.deliver(message)
        assert ["o-1", "o-2"] == worker.order_ids

    def test_a_record_that_cannot_be_removed_delays_the_order(
        self, worker: Worker
    ) -> None:
        """
        When a failed order keeps its record, it is stored after the deadline.
        """
        worker.fail("ORDERS_TABLE", "PutItem", FAULTY)
        worker.fail("IDEMPOTENCY_TABLE", "DeleteItem", FAULTY)
        message = sqs_message(order(), "m-1")

        assert ["m-1"] == worker.deliver(message, sqs_message(order("o-2")))
        assert ["m-1"] == worker.deliver(message, sqs_message(order("o-2")))
        worker.wait_for_the_timeout()

        assert [] == worker.deliver(message)
        assert ["o-1", "o-2"] == worker.order_ids

    def test_a_call_gives_up_in_the_time_for_an_order(self, worker: Worker) -> None:
        """
        Every attempt that hangs, and the longest pause between, fit into that time.
        """
        config = worker.module.dynamodb.meta.config
        attempts = config.retries["total_max_attempts"]
        hanging = attempts * max(config.connect_timeout, config.read_timeout)
        pausing = sum(2**retry for retry in range(attempts - 1))

        assert ATTEMPTS == attempts
        assert 1000 * (hanging + pausing) <= worker.module.TIME_FOR_AN_ORDER_MS

    @pytest.mark.slow
    @pytest.mark.slow
    def test_a_table_that_hangs_is_reported_before_the_timeout(
        self, environment: dict[str, str], cold_start: ColdStart
    ) -> None:
        """
        The SDK gives up in the time that is kept for an order, so a whole batch
        ends before the function's timeout.
        """
        with closing(socket.create_server(("127.0.0.1", 0))) as silent:
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            module = cold_start(
                "sqs_worker", **environment, AWS_ENDPOINT_URL_DYNAMODB=endpoint
            )
            messages = [sqs_message(order(f"o-{number}")) for number in range(10)]
            context = LambdaContext()
            with pytest.raises(BatchProcessingError, match="too little time"):
                module.handler(sqs_event(*messages), context)

        assert context.get_remaining_time_in_millis() > 0


class TestTimeouts:
    def test_orders_that_lack_time_go_back_to_the_queue(self, worker: Worker) -> None:
        """
        A slow batch reports what it did not reach, so what it stored stays done.
        """
        context = LambdaContext(timeout_in_millis=10_000)

        def take_seven_seconds(_: AWSPreparedRequest) -> None:
            context.started_at -= 7

        worker.before("ORDERS_TABLE", "PutItem", take_seven_seconds)
        messages = [sqs_message(order(f"o-{n}"), f"m-{n}") for n in range(3)]

        assert ["m-1", "m-2"] == worker.deliver(*messages, context=context)
        assert ["o-0"] == worker.order_ids

    def test_an_order_is_held_until_the_deadline(self, worker: Worker) -> None:
        """
        A killed invocation holds its order no longer than it could have run.
        """
        worker.kill("ORDERS_TABLE", "PutItem")
        deadline = datetime.now() + timedelta(seconds=10)
        with pytest.raises(KilledError):
            worker.deliver(sqs_message(order()))

        (record,) = worker.memory
        held_until = datetime.fromtimestamp(
            float(record["in_progress_expiration"] / 1000)
        )
        assert "INPROGRESS" == record["status"]
        assert abs(held_until - deadline) < timedelta(seconds=1)

    @pytest.mark.parametrize(
        ("variable", "operation"),
        [
            ("IDEMPOTENCY_TABLE", "PutItem"),
            ("ORDERS_TABLE", "PutItem"),
            ("IDEMPOTENCY_TABLE", "UpdateItem"),
        ],
    )
    def test_a_killed_order_is_stored_once(
        self, worker: Worker, variable: str, operation: str
    ) -> None:
        """
        Wherever Lambda stops a function, the next delivery completes the order.
        """
        worker.kill(variable, operation)
        message = sqs_message(order())
        with pytest.raises(KilledError):
            worker.deliver(message)
        worker.wait_for_the_timeout()

        assert [] == worker.deliver(message)
        assert ["o-1"] == worker.order_ids
        assert ["COMPLETED"] == [item["status"] for item in worker.memory]

    def test_an_order_in_other_hands_goes_back_to_the_queue(
        self, worker: Worker
    ) -> None:
        """
        While another invocation holds an order, its second copy is reported.
        """
        worker.kill("ORDERS_TABLE", "PutItem")
        with pytest.raises(KilledError):
            worker.deliver(sqs_message(order()))
        copy = sqs_message(order(), "copy")

        assert ["copy"] == worker.deliver(copy, sqs_message(order("o-2")))
        assert ["o-2"] == worker.order_ids


class TestLogs:
    def test_lines_name_the_request_and_the_message(self, worker: Worker) -> None:
        """
        Each message leaves one JSON line that says which, where and how it went.
        """
        context = LambdaContext()
        worker.deliver(
            sqs_message(order(), "good"), sqs_message("poison", "bad"), context=context
        )

        assert [
            ("INFO", "order is stored", "good", context.aws_request_id),
            ("ERROR", "order is not stored", "bad", context.aws_request_id),
        ] == [
            (
                entry["level"],
                entry["message"],
                entry["message_id"],
                entry["function_request_id"],
            )
            for entry in worker.logs
        ]

    def test_lines_have_a_timestamp_that_lambda_reads(self, worker: Worker) -> None:
        """
        Lambda filters by level only where the timestamp follows RFC 3339.
        """
        worker.deliver(sqs_message(order()))

        (entry,) = worker.logs
        rfc3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"
        assert re.fullmatch(rfc3339, entry["timestamp"])

    @pytest.mark.parametrize(
        "body",
        [
            order(customer_id="secret"),
            order(customer_id="secret", items=[]),
            order(**line(sku="secret", quantity=0)),
            order(**line(unit_price="secret")),
            order(note="secret"),
            "secret",
            '{"customer_id": "secret"',
        ],
    )
    def test_nothing_logs_what_a_customer_sent(
        self,
        worker: Worker,
        body: str | dict[str, Any],
    ) -> None:
        """
        Neither the worker's lines nor the error that Lambda logs quote an order.
        """
        worker.fail("ORDERS_TABLE", "PutItem", THROTTLED)
        with pytest.raises(BatchProcessingError) as error:
            worker.deliver(sqs_message(body))

        assert "secret" not in worker.stdout.getvalue()
        assert "secret" not in str(error.value)

    def test_a_conflict_does_not_log_either_order(self, worker: Worker) -> None:
        """
        The order that DynamoDB returns with a refused write stays out of the logs.
        """
        worker.tables.Table("orders").put_item(Item=order(customer_id="secret"))
        with pytest.raises(BatchProcessingError, match="another order") as error:
            worker.deliver(sqs_message(order()))

        assert "secret" not in worker.stdout.getvalue()
        assert "secret" not in str(error.value)


def test_needs_exactly_its_grants(worker: Worker, grants: set[tuple[str, str]]) -> None:
    """
    Storing an order and failing to store one need every grant and no other.
    """
    worker.deliver(sqs_message(order("o-1")))
    worker.fail("ORDERS_TABLE", "PutItem", THROTTLED)
    worker.deliver(sqs_message(order("o-2")), sqs_message(order("o-1")))

    assert grants == set(worker.calls)
