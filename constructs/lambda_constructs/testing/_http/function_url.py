"""Function URLs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambda_constructs.testing._http.authorizers import signer
from lambda_constructs.testing._http.cors import preflight, with_cors
from lambda_constructs.testing._http.front import (
    Front,
    MalformedError,
    Told,
    classes,
    wait_for,
)
from lambda_constructs.testing._http.gateway import (
    Call,
    as_received,
    is_text,
    message,
    too_large,
)
from lambda_constructs.testing._http.messages import HttpRequest, Response
from lambda_constructs.testing._http.payloads import event_v2, response_v2
from lambda_constructs.testing._http.state import Piece, fronts_of
from lambda_constructs.testing._iam import (
    Decision,
    Principal,
    Request,
    evaluate,
    parse,
)
from lambda_constructs.testing._metrics import LAMBDA
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


@dataclass(frozen=True)
class FunctionUrl(Front):
    """A function URL, as its clients see it.

    Attributes:
        role_arn: The role that signs the requests; without it they are not signed.
    """

    account: LocalAccount
    ref: str
    path: str
    role_arn: str | None = None

    def told(self, response: Response) -> Told | None:
        """https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html."""
        function, qualifier = self.account.function_and_qualifier(self.ref)
        values = classes(response, "Url4xxCount", "Url5xxCount")
        of = {"FunctionName": function.name}
        return Told(
            LAMBDA,
            [of, {**of, "Resource": f"{function.name}:{qualifier}"}],
            {"UrlRequestCount": 1, **values},
        )

    def answer(self, request: HttpRequest) -> Response:
        """Ask the function if the caller may."""
        piece = fronts_of(self.account).get("function url", self.ref)
        if piece is None or piece.properties.get("InvokeMode") == "RESPONSE_STREAM":
            raise UnmodelledError(f"{self.path} streams its responses, not modelled")
        cors = piece.properties.get("Cors", {})
        answered = preflight(cors, request, 200)
        return answered or with_cors(cors, request, self._asked(piece, request))

    def _asked(self, piece: Piece, request: HttpRequest) -> Response:
        function, qualifier = self.account.function_and_qualifier(self.ref)
        kind = str(piece.properties["AuthType"])
        if not self._allowed(function, qualifier, kind):
            return message(403, FORBIDDEN, "Message")
        domain = domain_of(self.account, piece)
        call = Call(
            self.account,
            as_received(self.account, request, domain),
            domain.partition(".")[0],
            domain,
            "$default",
            "$default",
            {},
            {},
        )
        text = is_text(call.request)
        event = event_v2(call, raw_path=call.request.path, body_is_text=text)
        if kind == "AWS_IAM" and self.role_arn is not None:
            event["requestContext"]["authorizer"] = {
                "iam": signer(self.account, self.role_arn)
            }
        if too_large(event):
            return message(413, "Request Entity Too Large", "Message")
        outcome = function.invoke(event, qualifier)
        wait_for(self.account, outcome.duration)
        return self._read(outcome)

    def _allowed(self, function: FunctionState, qualifier: str, kind: str) -> bool:
        """https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: two actions."""
        needed = {
            "lambda:InvokeFunctionUrl": {"lambda:FunctionUrlAuthType": kind},
            "lambda:InvokeFunction": {"lambda:InvokedViaFunctionUrl": "true"},
        }
        if kind == "AWS_IAM" and self.role_arn is None:
            return False
        for action, context in needed.items():
            decision = self._decide(function, qualifier, kind, action, context)
            if not decision.allowed:
                what = f"{action} by {self.role_arn or 'anybody'}: {decision.reason}"
                self.account.note(function.path, "refused", what)
                return False
        return True

    def _decide(
        self,
        function: FunctionState,
        qualifier: str,
        kind: str,
        action: str,
        context: Mapping[str, str],
    ) -> Decision:
        resource = function.arn_of(qualifier)
        statements = function.permissions.get(qualifier, [])
        document = {"Version": "2012-10-17", "Statement": statements}
        policy = parse(document, name="policy", role="resource") if statements else None
        if kind == "NONE" or self.role_arn is None:
            anybody = Principal.anonymous()
            asked = Request(anybody, action, resource, self.account.id, context)
            return evaluate(asked, resource=policy)
        role = self.account.authority.policies.of_role(self.role_arn)
        caller = Principal.session(self.role_arn, "caller")
        asked = Request(caller, action, resource, self.account.id, context)
        return evaluate(
            asked, identity=role.identity, boundary=role.boundary, resource=policy
        )

    def _read(self, outcome: Outcome) -> Response:
        if outcome.kind == "throttled":
            return message(429, "Rate Exceeded.", "Message")
        if outcome.failed:
            return message(502, "Internal Server Error", "Message")
        try:
            return response_v2(outcome.payload, content_type="application/json")
        except MalformedError as error:
            self.account.note(self.path, "malformed", str(error))
            return message(502, "Internal Server Error", "Message")


def domain_of(account: LocalAccount, piece: Piece) -> str:
    """Give the host of a function URL."""
    return f"{piece.properties['UrlId']}.lambda-url.{account.region}.on.aws"
