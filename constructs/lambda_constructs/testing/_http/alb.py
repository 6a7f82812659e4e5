"""Application Load Balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lambda_constructs.testing._http.alb_actions import (
    actions,
    fixed,
    page,
    protocol,
    redirect,
    weighted,
)
from lambda_constructs.testing._http.alb_conditions import applies
from lambda_constructs.testing._http.alb_targets import TargetGroup
from lambda_constructs.testing._http.front import Front
from lambda_constructs.testing._http.messages import HttpRequest, Response
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


@dataclass(frozen=True)
class LoadBalancer(Front):
    """An Application Load Balancer, as its clients see it.

    Attributes:
        port: The listener that is asked; without it, that of HTTPS if there is one.
    """

    account: LocalAccount
    arn: str
    path: str
    port: int | None = None

    def answer(self, request: HttpRequest) -> Response:
        """Let the first rule that applies decide, or the listener's default."""
        listener = self._listener()
        request = self._as_received(request, listener)
        if "upgrade" in request.headers:
            return page(400)  # no WebSockets with functions
        for rule in self._rules(listener):
            if all(applies(each, request) for each in rule.properties["Conditions"]):
                return self._act(rule, request, listener)
        return self._act(listener, request, listener)

    def health_check(self) -> dict[str, bool]:
        """Check each target group that is to be checked; tell which is healthy."""
        arns = dict.fromkeys(
            arn
            for listener in self._listeners()
            for each in [listener, *self._rules(listener)]
            for action in actions(each.properties)
            for arn, _ in weighted(action)
        )
        groups = [TargetGroup.of(self.account, arn) for arn in arns]
        checked = [each for each in groups if each.checks_health]
        return {each.piece.path: each.healthy() for each in checked}

    def _listeners(self) -> list[Piece]:
        return fronts_of(self.account).of("listener", "LoadBalancerArn", self.arn)

    def _rules(self, listener: Piece) -> list[Piece]:
        found = fronts_of(self.account).of("rule", "ListenerArn", listener.ref)
        return sorted(found, key=lambda each: int(each.properties["Priority"]))

    def _listener(self) -> Piece:
        piece = fronts_of(self.account).get("load balancer", self.arn)
        kind = piece.properties.get("Type", "application") if piece else "application"
        if kind != "application":
            raise UnmodelledError(f"{self.path} is a {kind} load balancer")
        by_port = {int(each.properties["Port"]): each for each in self._listeners()}
        if not by_port:
            raise AccountError(f"{self.path} has no listener; add one")
        secure = [port for port in by_port if protocol(by_port[port]) == "https"]
        port = self.port or min(secure or by_port)
        if port not in by_port:
            known = ", ".join(str(each) for each in sorted(by_port))
            raise AccountError(
                f"{self.path} does not listen on port {port}; name one of {known}"
            )
        return by_port[port]

    def _as_received(self, request: HttpRequest, listener: Piece) -> HttpRequest:
        """Add the headers that the load balancer adds.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
        """
        headers = request.headers
        if "host" not in headers:
            headers = headers.also(("host", dns_name(self.arn)))
        before = headers.all("x-forwarded-for")
        added = {
            "x-amzn-trace-id": self._trace(headers.get("x-amzn-trace-id")),
            "x-forwarded-for": ", ".join([*before, request.source_ip]),
            "x-forwarded-port": str(listener.properties["Port"]),
            "x-forwarded-proto": protocol(listener),
        }
        return replace(request, headers=headers.without(*added).also(*added.items()))

    def _trace(self, given: str | None) -> str:
        """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html."""
        own = f"1-{int(self.account.clock.now()):08x}-"
        own += f"{self.account.random.getrandbits(96):024x}"
        return f"Root={own}" if given is None else f"Self={own};{given}"

    def _act(self, rule: Piece, request: HttpRequest, listener: Piece) -> Response:
        action = actions(rule.properties)[0]
        if rule.properties.get("Transforms"):
            raise UnmodelledError(f"transforms, as of {rule.path}, are not modelled")
        if action["Type"] == "fixed-response":
            return fixed(action)
        if action["Type"] == "redirect":
            return redirect(action, request, listener)
        if action["Type"] != "forward":
            raise UnmodelledError(
                f"{action['Type']}, an action of {rule.path}, is not modelled"
            )
        arns, weights = zip(*weighted(action), strict=True)
        (arn,) = self.account.random.choices(arns, weights)
        return TargetGroup.of(self.account, arn).answer(request)


def dns_name(arn: str) -> str:
    """Give the host name of a load balancer."""
    region = arn.split(":")[3]
    *_, name, digits = arn.split("/")
    return f"{name}-{int(digits, 16) % 10**10}.{region}.elb.amazonaws.com".lower()
