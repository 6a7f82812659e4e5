"""A load balancer's target group whose target is a function.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._http.alb_actions import page
from lambda_constructs.testing._http.alb_lambda import (
    MEGABYTE,
    health_event,
    read_response,
    request_event,
)
from lambda_constructs.testing._http.front import (
    MalformedError,
    invoke,
    refuse_unmodelled,
    wait_for,
)
from lambda_constructs.testing._http.messages import HttpRequest, Response
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._push import InvokeRefusedError
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "elasticloadbalancing.amazonaws.com"
MULTI_VALUE = "lambda.multi_value_headers.enabled"
CHECK_TIMEOUT = 30.0
"""Of a health check of a function, in seconds."""


@dataclass(frozen=True)
class TargetGroup:
    """A target group, as its load balancer sees it."""

    account: LocalAccount
    piece: Piece

    @classmethod
    def of(cls, account: LocalAccount, arn: str) -> TargetGroup:
        """Find it.

        Raises:
            UnmodelledError: Its targets are not functions.
        """
        refuse_unmodelled(arn)
        piece = fronts_of(account).get("target group", arn)
        if piece is None:
            raise AccountError(f"there is no target group {arn}; deploy it first")
        if piece.properties.get("TargetType") != "lambda":
            raise UnmodelledError(
                f"a request would have to pass through {piece.path}, whose target "
                "is no function"
            )
        return cls(account, piece)

    @property
    def multi_value(self) -> bool:
        """Whether headers and parameters are lists of values."""
        given = self.piece.properties.get("TargetGroupAttributes", [])
        attributes = {each["Key"]: each["Value"] for each in given}
        return str(attributes.get(MULTI_VALUE)).lower() == "true"

    @property
    def checks_health(self) -> bool:
        """Whether health checks are on; for functions they are off by default."""
        return bool(self.piece.properties.get("HealthCheckEnabled", False))

    def answer(self, request: HttpRequest) -> Response:
        """Ask the function.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
        says what each failure becomes.
        """
        if len(request.body) > MEGABYTE:
            return page(413)
        if not self.piece.properties.get("Targets"):
            return page(503)
        event = request_event(request, self.piece.ref, multi_value=self.multi_value)
        return self._ask(event)[0] or page(502)

    def healthy(self) -> bool:
        """Check its health.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        """
        properties = self.piece.properties
        if not properties.get("Targets"):
            return False
        where = str(properties.get("HealthCheckPath", "/"))
        event = health_event(self.piece.ref, where, multi_value=self.multi_value)
        response, duration = self._ask(event)
        most = float(properties.get("HealthCheckTimeoutSeconds", CHECK_TIMEOUT))
        if response is None or duration > most:
            return False
        wanted = str(properties.get("Matcher", {}).get("HttpCode", "200"))
        return any(_within(each, response.status) for each in wanted.split(","))

    def _ask(self, event: Mapping[str, Any]) -> tuple[Response | None, float]:
        """Give no response where the function gave none that is well-formed."""
        target = str(self.piece.properties["Targets"][0]["Id"])
        try:
            outcome = invoke(self.account, PRINCIPAL, target, event, self.piece.ref)
        except InvokeRefusedError:
            return None, 0.0
        wait_for(self.account, outcome.duration)
        return self._response(outcome), outcome.duration

    def _response(self, outcome: Outcome) -> Response | None:
        if outcome.kind != "ok":
            return None
        try:
            return read_response(outcome.payload, multi_value=self.multi_value)
        except MalformedError as error:
            self.account.note(self.piece.path, "malformed", str(error))
            return None


def _within(codes: str, status: int) -> bool:
    low, _, high = codes.partition("-")
    return int(low) <= status <= int(high or low)
