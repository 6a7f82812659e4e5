"""Orders are taken, shown and listed by either API."""

from __future__ import annotations

import json

ORDER = {"items": [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}]}
PATH = "/customers/c-1/orders"


def contract(shop) -> None:
    """By both functions."""
    for name, api in apis_of(shop).items():
        taken = send(api, key=f"key-{name}")
        order_id = taken.json()["order_id"]
        shown = api.get(f"{PATH}/{order_id}")
        listed = api.get(PATH)

        assert (201, 200, 200) == (taken.status, shown.status, listed.status)
        assert taken.json() == shown.json()
        assert taken.json() in listed.json()["orders"]
    assert 2 == len(shop.table("Orders").items())


def apis_of(shop) -> dict:
    """Both APIs, as a role asks them that may call any."""
    iam = shop.account.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    call = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    role = iam.create_role(RoleName="caller", AssumeRolePolicyDocument=policy(trust))
    iam.put_role_policy(
        RoleName="caller", PolicyName="Call", PolicyDocument=policy(call)
    )
    arn = role["Role"]["Arn"]
    return {
        "HttpApi": shop.http_api("HttpApi", as_role=arn),
        "RestApi": shop.rest_api("RestApi", as_role=arn),
    }


def policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def send(api, body=None, *, key: str | None = "key-00001", path: str = PATH):
    headers = {"content-type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return api.post(path, headers=headers, body=ORDER if body is None else body)
