"""CodeDeploy: a new version takes over from the one that is live, or goes back.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._alarms import is_in_alarm
from lambda_constructs.testing._served import ApiError
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

__all__ = ["Release"]

PRINCIPAL = "codedeploy.amazonaws.com"

HOOK_SECONDS = 3_600
"""https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html."""

POLL_SECONDS = 60
"""How often alarms are looked at: as there are metrics; no number is documented."""

PREDEFINED = re.compile(
    r"CodeDeployDefault\.Lambda(?:AllAtOnce|(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?)"
)


@dataclass(frozen=True)
class Shift:
    """How traffic moves: so many percent at a time, and what a minute means."""

    kind: str = "AllAtOnce"
    percentage: int = 100
    minutes: int = 0

    def steps(self) -> list[tuple[float, int]]:
        """Give when, in seconds from the start, how many percent are the new one's."""
        wait = self.minutes * 60
        if self.kind == "Linear":
            count = -(-100 // self.percentage)
            return [
                (step * wait, min(100, (step + 1) * self.percentage))
                for step in range(count)
            ]
        return (
            [(0, self.percentage), (wait, 100)] if self.kind == "Canary" else [(0, 100)]
        )


def shift_of(routing: Mapping[str, Any]) -> Shift:
    """Read a TrafficRoutingConfig."""
    kind = str(routing["Type"]).removeprefix("TimeBased")
    if kind not in ("Canary", "Linear"):
        return Shift()
    given = routing[f"TimeBased{kind}"]
    return Shift(kind, int(given[f"{kind}Percentage"]), int(given[f"{kind}Interval"]))


@dataclass(frozen=True)
class Group:
    """A deployment group of one function."""

    account: LocalAccount
    path: str
    application: str
    name: str
    role: str
    configuration: str
    alarms: tuple[str, ...]

    @property
    def arn(self) -> str:
        """Its ARN."""
        place = f"{self.account.region}:{self.account.id}"
        return f"arn:aws:codedeploy:{place}:deploymentgroup:{self.application}/" + (
            self.name
        )

    def check(self, action: str, resource: str) -> None:
        """Check that CodeDeploy's role allows it.

        Raises:
            DeliveryError: It does not.
        """
        check(
            self.account, Sender(PRINCIPAL, self.arn, self.role), action, resource, {}
        )

    def red(self) -> str | None:
        """Give the first alarm that is in alarm, if there is one."""
        place = f"arn:aws:cloudwatch:{self.account.region}:{self.account.id}"
        for name in self.alarms:
            self.check("cloudwatch:DescribeAlarms", f"{place}:alarm:{name}")
        return next(
            (
                name
                for name in self.alarms
                if name in self.account.alarms
                and is_in_alarm(self.account, self.account.alarms[name])
            ),
            None,
        )


@dataclass
class Release:
    """A new version on its way.

    Attributes:
        function: Whose version it is.
        version: The new one.
        previous: The one that was live, and is again after a rollback.
        status: `InProgress`, `Succeeded`, `Failed`, or `Stopped` by an alarm; after
            the latter two, the previous version is live.
        reason: Why it went back.
        id: CodeDeploy's name for it.
    """

    function: FunctionState
    group: Group = field(repr=False)
    hooks: Mapping[str, str]
    version: str
    previous: str
    id: str
    status: str = "InProgress"
    reason: str = ""
    _waits_for: str = ""
    _then: Callable[[], None] | None = field(default=None, repr=False)

    @property
    def traffic(self) -> dict[str, float]:
        """The share of each version that gets any, as the alias says now."""
        alias = self.function.aliases["live"]
        others = {version: share for version, share in alias.weights.items() if share}
        rest = round(1 - sum(others.values()), 6)
        return {alias.version: rest, **others} if rest else others

    def start(self) -> None:
        """Look at the alarms, have the version tried, and let traffic come."""
        self._guarded(lambda: self._watch(self._before))

    def _before(self) -> None:
        self._call("BeforeAllowTraffic", self._move)

    def _move(self) -> None:
        account = self.group.account
        shift = account.releases.shift(self.group.configuration)
        begin = account.clock.now()
        length = int(shift.steps()[-1][0])
        for after in range(POLL_SECONDS, length + 1, POLL_SECONDS):
            look = partial(self._watch, lambda: None)
            account.clock.at(begin + after, partial(self._guarded, look))
        for when, percentage in shift.steps():
            step = partial(self._shift_to, percentage)
            account.clock.at(begin + when, partial(self._guarded, step))
        done = partial(self._call, "AfterAllowTraffic", self._end)
        account.clock.at(begin + length, partial(self._guarded, done))

    def _shift_to(self, percentage: int) -> None:
        self.group.check("lambda:GetAlias", self.function.arn)
        self.group.check("lambda:UpdateAlias", self.function.arn)
        # As AWSCodeDeployRoleForLambda has it: a version's environments come first.
        version = f"{self.function.arn}:{self.version}"
        self.group.check("lambda:GetProvisionedConcurrencyConfig", version)
        alias = self.function.aliases["live"]
        whole = percentage == 100
        alias.version = self.version if whole else self.previous
        alias.weights = {} if whole else {self.version: percentage / 100}
        self._note(f"{percentage} % to version {self.version}")

    def _call(self, event: str, then: Callable[[], None]) -> None:
        """Run a hook, which has an hour to answer; without one, go on."""
        name = self.hooks.get(event)
        if name is None:
            then()
            return
        account = self.group.account
        hook, qualifier = account.function_and_qualifier(name)
        self.group.check("lambda:InvokeFunction", hook.arn_of(qualifier))
        self._waits_for, self._then = f"{self.id}/{event}", then
        payload = {
            "DeploymentId": self.id,
            "LifecycleEventHookExecutionId": self._waits_for,
        }
        account.asynchronous.accept(hook, qualifier, payload)
        late = partial(self._give_up, self._waits_for)
        account.clock.at(account.clock.now() + HOOK_SECONDS, late)

    def _give_up(self, execution: str) -> None:
        if self.status == "InProgress" and self._waits_for == execution:
            self._back("Failed", f"{execution} has no answer within an hour")

    def answer(self, execution: str, status: str) -> None:
        """Take what a hook says.

        Raises:
            ApiError: It was not asked, or has answered.
        """
        if status not in ("Succeeded", "Failed"):
            code = "InvalidLifecycleEventHookExecutionStatusException"
            raise ApiError(code, f"a hook answers Succeeded or Failed, not {status}")
        if self.status != "InProgress" or execution != self._waits_for:
            code = "LifecycleEventAlreadyCompletedException"
            raise ApiError(code, f"{execution} is not waited for")
        self._waits_for, then = "", self._then
        self._note(f"{execution} {status}")
        if status == "Failed":
            self._back("Failed", f"{execution} failed")
        elif then is not None:
            clock = self.group.account.clock
            clock.at(clock.now(), partial(self._guarded, then))

    def _watch(self, then: Callable[[], None]) -> None:
        red = self.group.red()
        if red is None:
            then()
        else:
            self._back("Stopped", f"{self.group.account.path_of(red)} is in alarm")

    def _guarded(self, act: Callable[[], None]) -> None:
        """Go on, unless it is over; a permission that is missing ends it."""
        if self.status != "InProgress":
            return
        try:
            act()
        except DeliveryError as error:
            self._back("Failed", str(error))

    def _end(self) -> None:
        self.status = "Succeeded"
        self._note("succeeded")

    def _back(self, status: str, reason: str) -> None:
        self.status, self.reason = status, reason
        alias = self.function.aliases["live"]
        alias.version, alias.weights = self.previous, {}
        self._note(f"{status.lower()}, back to version {self.previous}", reason)

    def _note(self, what: str, detail: str = "") -> None:
        self.group.account.note(self.function.path, what, detail)


class Releases:
    """CodeDeploy's side of an account."""

    def __init__(self, account: LocalAccount) -> None:
        self.groups: dict[tuple[str, str], Group] = {}
        self.shifts: dict[str, Shift] = {}
        self.all: dict[str, Release] = {}
        served = account.served
        served.add("codedeploy", "PutLifecycleEventHookExecutionStatus", self._answer)
        served.add("codedeploy", "GetDeployment", self._describe)

    def shift(self, name: str) -> Shift:
        """Give how a configuration moves traffic.

        Raises:
            AccountError: There is no such configuration.
        """
        known = PREDEFINED.fullmatch(name)
        if known is not None:
            kind, percentage, minutes = known.groups()
            return Shift(kind, int(percentage), int(minutes)) if kind else Shift()
        if name not in self.shifts:
            raise AccountError(f"there is no deployment configuration {name!r}")
        return self.shifts[name]

    def _find(self, params: Mapping[str, Any]) -> Release:
        id = str(params.get("deploymentId"))
        if id not in self.all:
            raise ApiError("DeploymentDoesNotExistException", f"there is no {id}")
        return self.all[id]

    def _answer(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        execution = str(params.get("lifecycleEventHookExecutionId"))
        self._find(params).answer(execution, str(params.get("status")))
        return {"lifecycleEventHookExecutionId": execution}

    def _describe(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._find(params)
        return {
            "deploymentInfo": {
                "applicationName": found.group.application,
                "deploymentGroupName": found.group.name,
                "deploymentId": found.id,
                "status": found.status,
            }
        }
