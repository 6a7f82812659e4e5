"""The bot's code hook: what it asks for again, what it tells, and when it gives up."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

ORDER = {"order_id": "AB123456", "postcode": "N17AA", "status": "shipped"}


@pytest.fixture
def orders(aws: None) -> Any:
    table = boto3.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item=ORDER)
    return table


@pytest.fixture
def queue(aws: None) -> Any:
    return boto3.resource("sqs").create_queue(QueueName="handovers")


@pytest.fixture
def bot(orders: Any, queue: Any, cold_start: ColdStart) -> ModuleType:
    return cold_start(
        "support_bot", HANDOVERS_QUEUE_URL=queue.url, ORDERS_TABLE="orders"
    )


def value(text: str) -> dict[str, Any]:
    return {"shape": "Scalar", "value": {"interpretedValue": text}}


def call(
    bot: ModuleType,
    source: str = "FulfillmentCodeHook",
    name: str = "OrderStatus",
    attributes: dict[str, str] | None = None,
    **slots: str,
) -> dict[str, Any]:
    given = event("lex") | {"invocationSource": source}
    given["sessionState"]["sessionAttributes"] = attributes
    given["sessionState"]["intent"] |= {
        "name": name,
        "slots": {
            "OrderId": None,
            "Postcode": None,
            **{key: value(text) for key, text in slots.items()},
        },
    }
    return bot.handler(given, LambdaContext())


def action(answer: dict[str, Any]) -> str:
    return answer["sessionState"]["dialogAction"]["type"]


def handed_over(queue: Any) -> list[dict[str, Any]]:
    messages = queue.receive_messages(MaxNumberOfMessages=10)
    return [json.loads(each.body) for each in messages]


class TestDialog:
    @pytest.mark.parametrize("number", ["AB123456", "ab 123456", "AB-12 34 56"])
    def test_what_is_well_formed_goes_on(self, bot, number):
        """
        However it was said; Lex asks for the rest.
        """
        answer = call(bot, "DialogCodeHook", OrderId=number)

        assert "Delegate" == action(answer)
        assert "messages" not in answer

    @pytest.mark.parametrize(
        ("slot", "text"), [("OrderId", "12"), ("Postcode", "somewhere in London")]
    )
    def test_what_is_not_is_asked_for_again(self, bot, slot, text):
        """
        And counted.
        """
        answer = call(bot, "DialogCodeHook", **{slot: text})

        state = answer["sessionState"]
        assert {"type": "ElicitSlot", "slotToElicit": slot} == state["dialogAction"]
        assert state["intent"]["slots"][slot] is None
        assert {"misses": "1"} == state["sessionAttributes"]

    def test_other_attributes_are_kept(self, bot):
        """
        What is not returned is forgotten.
        """
        answer = call(bot, "DialogCodeHook", attributes={"shop": "north"})

        assert {"shop": "north"} == answer["sessionState"]["sessionAttributes"]

    def test_the_third_miss_gets_a_person(self, bot, queue):
        """
        Who is told the session, and nothing that was said.
        """
        answer = call(bot, "DialogCodeHook", attributes={"misses": "2"}, OrderId="x")

        assert "Close" == action(answer)
        assert [
            {
                "session_id": event("lex")["sessionId"],
                "order_id": None,
                "reason": "OrderStatus",
            }
        ] == handed_over(queue)


class TestFulfilment:
    def test_tells_who_knows_number_and_postcode(self, bot):
        """
        Written in any way.
        """
        answer = call(bot, OrderId="ab 123456", Postcode="n1 7aa")

        assert "Close" == action(answer)
        assert "Fulfilled" == answer["sessionState"]["intent"]["state"]
        assert "Your order is on its way." == answer["messages"][0]["content"]

    def test_wrong_postcode_and_no_such_order_sound_the_same(self, bot):
        """
        Or a number could be tried until it is somebody's.
        """
        wrong = call(bot, OrderId="AB123456", Postcode="E1")
        none = call(bot, OrderId="AB999999", Postcode="N17AA")

        assert wrong == none
        assert "ElicitSlot" == action(wrong)

    def test_the_third_guess_gets_a_person(self, bot, queue):
        """
        The session's attributes count.
        """
        guess = {"OrderId": "AB123456", "Postcode": "E1"}
        attributes: dict[str, str] = {}
        for _ in range(3):
            answer = call(bot, attributes=attributes, **guess)
            attributes = answer["sessionState"]["sessionAttributes"]

        assert "Close" == action(answer)
        assert ["AB123456"] == [each["order_id"] for each in handed_over(queue)]

    @pytest.mark.parametrize(
        ("name", "state"), [("TalkToPerson", "Fulfilled"), ("FallbackIntent", "Failed")]
    )
    def test_a_person_is_told_once(self, bot, queue, name, state):
        """
        However often a session asks.
        """
        first = call(bot, name=name)
        attributes = first["sessionState"]["sessionAttributes"]
        call(bot, name=name, attributes=attributes)

        assert state == first["sessionState"]["intent"]["state"]
        assert [name] == [each["reason"] for each in handed_over(queue)]

    @pytest.mark.parametrize("misses", ["-9", "9" * 5_000, "٣", ""])
    def test_attributes_that_a_client_made_up_help_nobody(self, bot, queue, misses):
        """
        A client may send any, of more digits than Python reads as well.
        """
        call(bot, attributes={"misses": misses}, OrderId="AB123456", Postcode="E1")

        assert 1 == len(handed_over(queue))
