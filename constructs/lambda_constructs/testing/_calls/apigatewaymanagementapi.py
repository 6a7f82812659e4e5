"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigateway.html.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
"""

from __future__ import annotations

import re

from lambda_constructs.testing._calls.model import Need, Request, Rule

_ENDPOINT = re.compile(
    r"https?://(?P<api>[a-z0-9]+)\.execute-api\.[\w.-]+/(?P<stage>[\w$-]+)"
)


def connection(method: str) -> Rule:
    """API and stage are in the URL alone."""

    def rule(request: Request) -> tuple[Need, ...]:
        found = _ENDPOINT.match(request.endpoint)
        if found is None:
            raise request.unmapped(
                f"the endpoint {request.endpoint!r} does not name API and stage; pass "
                "endpoint_url=https://<api>.execute-api.<region>.amazonaws.com/<stage>"
            )
        path = f"{found['api']}/{found['stage']}/{method}/@connections"
        resource = f"{path}/{request.text('ConnectionId')}"
        return (
            request.need(
                "execute-api:ManageConnections", request.arn("execute-api", resource)
            ),
        )

    return rule


OPERATIONS: dict[str, Rule] = {
    "PostToConnection": connection("POST"),
    "GetConnection": connection("GET"),
    "DeleteConnection": connection("DELETE"),
}
