"""Lambda triggers of Cognito user pools.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cognitoidp.models import CognitoIdpUser, cognitoidp_backends

from lambda_constructs.errors import nearest
from lambda_constructs.testing._push import InvokeRefusedError, push
from lambda_constructs.testing._runtime import Outcome
from lambda_constructs.testing.errors import AccountError, UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "cognito-idp.amazonaws.com"
LIMIT = 5.0
ATTEMPTS = 3

SENDERS = ("CustomEmailSender", "CustomSMSSender")
"""Triggers that Cognito does not wait for."""

TRIGGERS: Mapping[str, Mapping[str, Any]] = {
    "CreateAuthChallenge": {
        "publicChallengeParameters": None,
        "privateChallengeParameters": None,
        "challengeMetadata": None,
    },
    "CustomEmailSender": {},
    "CustomMessage": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    "CustomSMSSender": {},
    "DefineAuthChallenge": {
        "challengeName": None,
        "issueTokens": None,
        "failAuthentication": None,
    },
    "InboundFederation": {"userAttributesToMap": None},
    "PostAuthentication": {},
    "PostConfirmation": {},
    "PreAuthentication": {},
    "PreSignUp": {
        "autoConfirmUser": False,
        "autoVerifyEmail": False,
        "autoVerifyPhone": False,
    },
    "PreTokenGeneration": {"claimsOverrideDetails": None},
    "UserMigration": {
        "userAttributes": None,
        "forceAliasCreation": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
    },
    "VerifyAuthChallengeResponse": {"answerCorrect": None},
}
"""The response that each trigger finds in its event."""

SOURCES = {"TokenGeneration": "PreTokenGeneration"}
"""Prefixes of trigger sources that differ from the name of the trigger."""

FIRED_BY = {
    "AdminConfirmSignUp": ("PostConfirmation",),
    "AdminCreateUser": ("PreSignUp", "CustomMessage", *SENDERS),
    "AdminInitiateAuth": (),
    "AdminRespondToAuthChallenge": (),
    "AdminResetUserPassword": ("CustomMessage", *SENDERS),
    "ConfirmForgotPassword": ("PostConfirmation",),
    "ConfirmSignUp": ("PostConfirmation",),
    "ForgotPassword": ("CustomMessage", "UserMigration", *SENDERS),
    "InitiateAuth": (),
    "ResendConfirmationCode": ("CustomMessage", *SENDERS),
    "RespondToAuthChallenge": (),
    "SignUp": ("PreSignUp", "CustomMessage", *SENDERS),
}
"""Which triggers an operation may fire; none named means any."""


@dataclass(frozen=True)
class UserPool:
    """A user pool, as those who sign up and sign in make it call its functions."""

    account: LocalAccount
    id: str
    path: str

    @property
    def arn(self) -> str:
        """Its ARN."""
        place = f"{self.account.region}:{self.account.id}"
        return f"arn:aws:cognito-idp:{place}:userpool/{self.id}"

    def add_user(self, user: str = "jane", **attributes: str) -> None:
        """Put a confirmed user into the pool, which fires nothing.

        Args:
            user: The user's name.
            attributes: What is known of the user, as `email`.
        """
        pairs = [{"Name": name, "Value": it} for name, it in attributes.items()]
        made = CognitoIdpUser(self.id, user, None, "CONFIRMED", pairs)
        backend = cognitoidp_backends[self.account.id][self.account.region]
        backend.user_pools[self.id].users[user] = made

    def trigger(
        self,
        source: str,
        request: Mapping[str, Any] | None = None,
        *,
        user: str = "jane",
        client: str = "client",
        operation: str = "SignUp",
    ) -> dict[str, Any]:
        """Fire a trigger and give what the function put into `response`.

        Args:
            source: The trigger source, as in `PreSignUp_SignUp`.
            request: What the event holds as `request` beside user attributes.
            user: The user's name.
            client: The id of the app client.
            operation: The operation that an error is raised from.

        Raises:
            botocore.exceptions.ClientError: What whoever called Cognito would get.
            AccountError: The pool has no such trigger.
        """
        name = SOURCES.get(source.partition("_")[0], source.partition("_")[0])
        target, version = self._target(name)
        event = {
            "version": version,
            "triggerSource": source,
            "region": self.account.region,
            "userPoolId": self.id,
            "userName": user,
            "callerContext": {"awsSdkVersion": "aws-sdk-testing", "clientId": client},
            "request": {"userAttributes": {}, **(request or {})},
            "response": dict(TRIGGERS[name]),
        }
        if name == "PreTokenGeneration" and version != "1":
            event["response"] = {"claimsAndScopeOverrideDetails": None}
        self.account.note(self.path, "triggers", source)
        outcome = self._invoke(name, target, event, operation)
        return {} if outcome is None else self._response(name, outcome, operation)

    def _target(self, name: str) -> tuple[str, str]:
        if name not in TRIGGERS:
            raise AccountError(
                f"{name!r} is no trigger of a user pool" + nearest(name, TRIGGERS)
            )
        config = self.account.user_pools[self.id]
        given = config.get(f"{name}Config") or config.get(name)
        if given is None:
            known = [key.removesuffix("Config") for key in config]
            raise AccountError(
                f"{self.path} has no trigger {name}"
                + (nearest(name, known) or f"; it has {', '.join(known) or 'none'}")
            )
        if isinstance(given, str):
            return given, "1"
        number = str(given.get("LambdaVersion", "V1_0"))[1]
        return str(given["LambdaArn"]), number

    def _invoke(
        self, name: str, target: str, event: dict[str, Any], operation: str
    ) -> Outcome | None:
        """Invoke the function; only what may pass is tried again."""
        account = self.account
        context = {"aws:SourceArn": self.arn, "aws:SourceAccount": account.id}
        wait = name not in SENDERS
        why = "Rate Exceeded."
        for _ in range(ATTEMPTS):
            try:
                outcome = push(
                    account, PRINCIPAL, target, event, wait=wait, context=context
                )
            except InvokeRefusedError:
                why = "AccessDenied while invoking Lambda function"
                break
            if outcome is None:
                return None
            account.clock.move_to(account.clock.now() + min(LIMIT, outcome.duration))
            if outcome.kind == "throttled":
                continue
            if outcome.duration <= LIMIT:
                return outcome
            why = "Socket timeout while invoking Lambda function."
        text = f"{name} invocation failed due to error {why}"
        raise self._error("UnexpectedLambdaException", text, operation)

    def _response(self, name: str, outcome: Outcome, operation: str) -> dict[str, Any]:
        if outcome.failed:
            said = str(outcome.payload["errorMessage"]).rstrip(".")
            raise self._error(
                "UserLambdaValidationException",
                f"{name} failed with error {said}.",
                operation,
            )
        returned = outcome.payload
        if not isinstance(returned, dict) or not isinstance(
            returned.get("response"), dict
        ):
            raise self._error(
                "InvalidLambdaResponseException",
                "Unrecognizable lambda output",
                operation,
            )
        response: dict[str, Any] = returned["response"]
        return response

    def _error(self, code: str, message: str, operation: str) -> Exception:
        named = {"Error": {"Code": code, "Message": message}}
        exceptions = self.account.client("cognito-idp").exceptions
        error: Exception = exceptions.from_code(code)(named, operation)
        return error


def serve(account: LocalAccount) -> None:
    """Let no operation pass by a trigger that it would fire: moto fires none."""

    def refuse(operation: str, fired: tuple[str, ...]) -> Any:
        def check(params: Mapping[str, Any]) -> None:
            pool = params.get("UserPoolId") or _pool_of(account, params)
            config = account.user_pools.get(pool or "", {})
            names = {key.removesuffix("Config") for key in config} & TRIGGERS.keys()
            skipped = sorted(names.intersection(fired) if fired else names)
            if skipped:
                raise UnmodelledError(
                    f"{operation} would fire {', '.join(skipped)}, which only "
                    "user_pool(...).trigger(...) does here"
                )

        return check

    for operation, fired in FIRED_BY.items():
        account.served.add("cognito-idp", operation, refuse(operation, fired))


def _pool_of(account: LocalAccount, params: Mapping[str, Any]) -> str | None:
    client = account.client("cognito-idp")
    for pool in account.user_pools:
        found = client.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]
        if params.get("ClientId") in [each["ClientId"] for each in found]:
            return pool
    return None
