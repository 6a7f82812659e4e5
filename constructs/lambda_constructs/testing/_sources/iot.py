"""Topic rules of AWS IoT Core.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-rules.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._sources.inputs import MISSING, find
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, send
from lambda_constructs.testing.errors import UnmodelledError

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

PRINCIPAL = "iot.amazonaws.com"
SQL = re.compile(
    r"\s*SELECT\s+([^']+?)\s+FROM\s+'([^']+)'(?:\s+WHERE\s+(.+?))?\s*",
    re.I | re.DOTALL,
)
SELECTED = re.compile(
    r"(\*|[A-Za-z_][\w.]*|topic\(\d*\)|timestamp\(\))(?:\s+AS\s+([A-Za-z_]\w*))?", re.I
)
TEST = re.compile(
    r"([A-Za-z_][\w.]*)\s*(<>|!=|<=|>=|=|<|>)\s*('[^']*'|-?\d+(?:\.\d+)?)"
)
Test = Callable[[Any], bool]


@dataclass(frozen=True)
class TopicRule:
    """A rule: which messages, and what is done with them."""

    arn: str
    path: str
    selected: tuple[tuple[str, str], ...]
    topics: re.Pattern[str]
    tests: tuple[Test, ...]
    actions: tuple[Mapping[str, Any], ...]
    on_error: Mapping[str, Any] | None

    @classmethod
    def of(cls, arn: str, path: str, payload: Mapping[str, Any]) -> TopicRule:
        """Read it from the template.

        Raises:
            UnmodelledError: The kit does not read such SQL.
        """
        text = str(payload["Sql"])
        match = SQL.fullmatch(text)
        if match is None:
            raise UnmodelledError(
                f"{path}: the SQL {text!r} is not modelled; use SELECT with a topic "
                "and comparisons"
            )
        where = re.split(r"\s+AND\s+", match[3], flags=re.I) if match[3] else []
        tests = tuple(_test(path, each.strip()) for each in where)
        actions = tuple(payload.get("Actions", []))
        return cls(
            arn,
            path,
            _selected(path, match[1]),
            _topics(match[2]),
            tests,
            actions,
            payload.get("ErrorAction"),
        )

    def event(self, text: str, topic: str, now: float) -> str:
        """Give what the rule makes of a message.

        What a message lacks is left out, as what is no JSON lacks everything.
        """
        if self.selected == (("*", ""),):
            return text
        message, made = _json(text), dict[str, object]()
        for what, name in self.selected:
            if what == "*":
                made |= message if isinstance(message, dict) else {}
                continue
            value = _value(what, message, topic, now)
            if value is not MISSING:
                made[name] = value
        return json.dumps(made)


class TopicRules:
    """Acts on what is published to a topic of IoT."""

    def __init__(self, account: LocalAccount) -> None:
        self.account = account
        self.rules: list[TopicRule] = []
        account.observers.add("iot-data", "Publish", self._published)

    def _published(self, params: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        payload = params.get("payload", b"")
        text = payload if isinstance(payload, str) else bytes(payload).decode()
        for rule in self.rules:
            if rule.topics.fullmatch(str(params["topic"])) and _passes(rule, text):
                self.account.note(rule.path, "matched", str(params["topic"]))
                for action in rule.actions:
                    deliver = partial(self._act, rule, action, text, params["topic"])
                    self.account.clock.at(self.account.clock.now(), deliver)

    def _take_fault(self, rule: TopicRule) -> None:
        """Refuse a delivery that a test has asked to fail.

        Raises:
            DeliveryError: One is left to fail.
        """
        faults = self.account.sources.faults
        if faults.get(rule.path):
            faults[rule.path] -= 1
            raise DeliveryError("THROTTLING", "Rate exceeded", retryable=True)

    def _act(
        self, rule: TopicRule, action: Mapping[str, Any], text: str, topic: str
    ) -> None:
        try:
            self._take_fault(rule)
            event = rule.event(text, topic, self.account.clock.now())
            self._send(rule, action, event)
        except DeliveryError as error:
            if rule.on_error is None:
                self.account.note(rule.path, "lost", str(error))
                return
            try:
                failure = self._failure(rule, action, text, topic, error)
                self._send(rule, rule.on_error, json.dumps(failure))
            except DeliveryError as refused:
                self.account.note(rule.path, "lost", str(refused))

    def _send(self, rule: TopicRule, action: Mapping[str, Any], text: str) -> None:
        ((kind, settings),) = action.items()
        sender = Sender(PRINCIPAL, rule.arn, settings.get("RoleArn"))
        if kind == "Lambda":
            send(self.account, sender, str(settings["FunctionArn"]), text)
        elif kind == "Sns":
            send(self.account, sender, str(settings["TargetArn"]), text)
        elif kind == "Sqs":
            name = str(settings["QueueUrl"]).rsplit("/", 1)[1]
            arn = f"arn:aws:sqs:{self.account.region}:{self.account.id}:{name}"
            coded = settings.get("UseBase64") in (True, "true")
            body = base64.b64encode(text.encode()).decode() if coded else text
            send(self.account, sender, arn, body)
        else:
            raise UnmodelledError(f"{rule.path}: the action {kind} is not modelled")

    def _failure(
        self,
        rule: TopicRule,
        action: Mapping[str, Any],
        text: str,
        topic: str,
        error: DeliveryError,
    ) -> dict[str, Any]:
        """https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html."""
        ((kind, settings),) = action.items()
        resources = ("FunctionArn", "TargetArn", "QueueUrl")
        return {
            "ruleName": rule.arn.rpartition("/")[2],
            "topic": topic,
            "clientId": "N/A",
            "base64OriginalPayload": base64.b64encode(text.encode()).decode(),
            "failures": [
                {
                    "failedAction": f"{kind}Action",
                    "failedResource": next(
                        str(settings[each]) for each in resources if each in settings
                    ),
                    "errorMessage": str(error),
                }
            ],
        }


def _selected(path: str, text: str) -> tuple[tuple[str, str], ...]:
    """Read what is selected, each with the name that it gets.

    Raises:
        UnmodelledError: The kit does not read such SQL.
    """
    found = []
    for each in text.split(","):
        match = SELECTED.fullmatch(each.strip())
        if match is None or (match[1] == "*" and match[2]):
            raise UnmodelledError(
                f"{path}: {each.strip()!r} is not modelled; select *, fields, "
                "topic() or timestamp()"
            )
        if match[1][-1] == ")" and not match[2]:
            raise UnmodelledError(
                f"{path}: {match[1]} without a name is not modelled; add AS"
            )
        named = match[2] or match[1].rpartition(".")[2]
        found.append((match[1], "" if match[1] == "*" else named))
    return tuple(found)


def _value(what: str, message: object, topic: str, now: float) -> object:
    name, _, argument = what.rstrip(")").partition("(")
    if what[-1] != ")":
        return find(message, f"$.{what}")
    if name.lower() == "timestamp":
        return int(now * 1000)
    if not argument:
        return topic
    levels, number = topic.split("/"), int(argument)
    return levels[number - 1] if 1 <= number <= len(levels) else MISSING


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return MISSING


def _topics(pattern: str) -> re.Pattern[str]:
    levels = pattern.split("/")
    rest = levels[-1] == "#"
    kept = levels[:-1] if rest else levels
    text = "/".join("[^/]*" if each == "+" else re.escape(each) for each in kept)
    return re.compile(f"{text}(/.*)?" if rest and kept else ".*" if rest else text)


def _test(path: str, text: str) -> Test:
    match = TEST.fullmatch(text)
    if match is None:
        raise UnmodelledError(f"{path}: {text!r} in WHERE is not modelled")
    name, operator, right = match.groups()
    wanted: Any = right[1:-1] if right.startswith("'") else float(right)
    compare = COMPARE[operator]

    def test(message: Any) -> bool:
        value = find(message, f"$.{name}")
        if value is MISSING or isinstance(value, str) != isinstance(wanted, str):
            return operator in ("<>", "!=")
        return compare(value, wanted)

    return test


def _passes(rule: TopicRule, text: str) -> bool:
    if not rule.tests:
        return True
    message = _json(text)
    return message is not MISSING and all(each(message) for each in rule.tests)


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "!=": lambda one, other: bool(one != other),
    "<>": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}
