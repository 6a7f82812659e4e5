"""A customer hears of an order or gets a person, once for each session."""

from __future__ import annotations


def contract(shop) -> None:
    """Who knows number and postcode is told; who asks for a person gets one."""
    fill(shop)
    alias = shop.bot_alias("Customers")
    order = {"OrderId": said("ab 123456"), "Postcode": said("n1 7aa")}

    checked = alias.call_hook("OrderStatus", order, source="DialogCodeHook")
    told = alias.call_hook("OrderStatus", order)
    person = alias.call_hook("TalkToPerson")
    kept = person.payload["sessionState"]["sessionAttributes"]
    again = alias.call_hook("FallbackIntent", attributes=kept)

    assert "Delegate" == action(checked)
    assert "Your order is on its way." == told.payload["messages"][0]["content"]
    assert ["Close", "Close"] == [action(person), action(again)]
    (handover,) = shop.queue("Handovers").bodies()
    assert "TalkToPerson" == handover["reason"]


def fill(shop) -> None:
    """There is an order to hear of."""
    shop.table("Orders").put(
        {"order_id": "AB123456", "postcode": "N17AA", "status": "shipped"}
    )


def said(text: str) -> dict[str, object]:
    return {"shape": "Scalar", "value": {"interpretedValue": text}}


def action(outcome) -> str:
    return outcome.payload["sessionState"]["dialogAction"]["type"]
