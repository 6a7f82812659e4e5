"""Order by both APIs: once, again, under a used key, and without a signature."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation

APIS = {"HttpApi": "$default", "RestApi": "prod"}
ORDER = {"items": [{"sku": "A1", "quantity": 2, "unit_price": "9.95"}]}
OTHER = {"items": [{"sku": "B2", "quantity": 1, "unit_price": "1.00"}]}


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Use a customer for each API that no earlier run has had."""
    for api in APIS:
        place = f"/customers/{deployed.run}-{api}/orders"
        sent: list[tuple[str, Mapping[str, object], int]] = [
            ("an order", ORDER, 201),
            ("the order again", ORDER, 200),
            ("another under its key", OTHER, 409),
            ("what is no order", {"items": []}, 422),
        ]
        for what, order, status in sent:
            got, _ = ask(deployed, api, "POST", place, order)
            yield expect(api, what, status, got)
        got, page = ask(deployed, api, "GET", place)
        count = len(page.get("orders", []))
        yield Expectation(
            f"{api}: a list",
            "1 order, 200",
            f"{count}, {got}",
            (count, got) == (1, 200),
        )
        got, _ = ask(deployed, api, "GET", place, signed=False)
        yield expect(api, "a list, unsigned", 403, got)


def expect(api: str, what: str, wanted: int, got: int) -> Expectation:
    """Expect a status."""
    return Expectation(f"{api}: {what}", str(wanted), str(got), wanted == got)


def ask(
    deployed: Deployed,
    api: str,
    method: str,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    signed: bool = True,
) -> tuple[int, dict[str, list[object]]]:
    """Send a request, and sign it as whoever runs this; give status and content."""
    request = AWSRequest(
        method=method,
        url=address(deployed, api) + path,
        data=None if body is None else json.dumps(body),
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": f"key-{deployed.run}",
        },
    )
    if signed:
        credentials = deployed.session.get_credentials()
        if credentials is None:
            raise RuntimeError("there are no credentials to sign requests with")
        region = deployed.session.region_name
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
    # A path as well, which its types leave out.
    trusted: Any = os.environ.get("AWS_CA_BUNDLE", True)
    answer = URLLib3Session(verify=trusted).send(request.prepare())
    content = json.loads(answer.content or b"{}")
    return answer.status_code, content if isinstance(content, dict) else {}


def address(deployed: Deployed, api: str) -> str:
    """Give where an API is; the emulator has all of them in one place."""
    id, stage = deployed.physical_id(api), APIS[api]
    if deployed.emulated:
        endpoint = deployed.session.client("sts").meta.endpoint_url
        return f"{endpoint}/_aws/execute-api/{id}/{stage}"
    host = f"https://{id}.execute-api.{deployed.session.region_name}.amazonaws.com"
    return host if stage == "$default" else f"{host}/{stage}"


def look(deployed: Deployed) -> Iterator[str]:
    """Show the orders."""
    orders = deployed.physical_id("Orders")
    yield f"aws dynamodb scan --table-name {orders} --max-items 3"


DRIVER = Driver(
    stack="OrdersApi",
    drive=drive,
    look=look,
    unchecked=("access logs and throttling of APIs", "X-Ray traces"),
)
