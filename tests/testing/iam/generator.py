"""Random cases, biased so that most statements nearly apply."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.testing.iam.cases import Case
from tests.testing.iam.generated_conditions import condition, context

HOME, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HOME}:role/worker"
SESSION = f"arn:aws:sts::{HOME}:assumed-role/worker/orders"
USER = f"arn:aws:iam::{HOME}:user/alice"
PRINCIPALS = [SESSION] * 10 + [USER] * 3 + ["sns.amazonaws.com"] * 3 + ["anonymous"]
KEY = "key/1234abcd-12ab-34cd-56ef-1234567890ab"

ACTIONS = {
    "sqs": ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"],
    "s3": ["GetObject", "PutObject", "DeleteObject"],
    "dynamodb": ["GetItem", "PutItem", "Query", "DeleteItem"],
    "kms": ["Decrypt", "GenerateDataKey", "Encrypt"],
    "lambda": ["InvokeFunction", "GetFunction"],
    "sns": ["Publish", "Subscribe"],
    "events": ["PutEvents"],
    "secretsmanager": ["GetSecretValue"],
    "sts": ["AssumeRole"],
}
RESOURCES = {
    "sqs": ["arn:aws:sqs:us-east-1:{}:orders", "arn:aws:sqs:eu-west-1:{}:orders-dead"],
    "s3": [
        "arn:aws:s3:::uploads/alice/cat.jpg",
        "arn:aws:s3:::uploads/yellow/a:b",
    ],
    "dynamodb": ["arn:aws:dynamodb:us-east-1:{}:table/orders"],
    "kms": ["arn:aws:kms:us-east-1:{}:" + KEY],
    "lambda": ["arn:aws:lambda:us-east-1:{}:function:worker"],
    "sns": ["arn:aws:sns:us-east-1:{}:orders", "arn:aws:sns:us-east-1:{}:yellow"],
    "events": ["arn:aws:events:us-east-1:{}:event-bus/orders"],
    "secretsmanager": ["arn:aws:secretsmanager:us-east-1:{}:secret:db-AbCdEf"],
    "sts": ["arn:aws:iam::{}:role/reader"],
}
ALONE = [
    "sqs:ListQueues",
    "s3:ListAllMyBuckets",
    "kms:ListKeys",
    "lambda:ListFunctions",
]
"""Actions that have no resource."""


def seeded(seed: int) -> random.Random:
    """Give the source of randomness of a run that can be had again."""
    return random.Random(seed)  # noqa: S311


def case(rng: random.Random) -> Case:
    """Make one case."""
    name = rng.choice(PRINCIPALS)
    account = rng.choice([HOME] * 4 + [OTHER])
    service = rng.choice(list(ACTIONS))
    action = f"{service}:{rng.choice(ACTIONS[service])}"
    resource = rng.choice(RESOURCES[service]).format(account)
    if rng.random() < 0.05:
        action, resource, account = rng.choice(ALONE), "*", HOME
    keys = context(rng, service, action)
    made = _Policies(rng, name, action, resource, keys)
    return {
        "principal": name,
        "action": _case(rng, action),
        "resource": resource,
        "account": account,
        "context": keys,
        "identity": [made.document() for _ in range(rng.choice([0, 1, 1, 1, 2]))],
        "boundary": made.document(broad=0.6) if rng.random() < 0.3 else None,
        "session": made.document(broad=0.6)
        if name == SESSION and rng.random() < 0.15
        else None,
        "policy": made.document(of_resource=True)
        if rng.random() < (1 if made.trust else 0.7)
        else None,
    }


class _Policies:
    """Makes the policies of one case."""

    def __init__(
        self, rng: random.Random, name: str, action: str, resource: str, keys: Case
    ) -> None:
        self.rng, self.name, self.keys = rng, name, keys
        self.action, self.resource = action, resource
        self.trust = action.startswith("sts:")

    def document(self, *, of_resource: bool = False, broad: float = 0.2) -> Case:
        count = self.rng.choice([1, 1, 2, 3])
        statements = [
            self.statement(index, of_resource=of_resource, broad=broad)
            for index in range(count)
        ]
        one = count == 1 and self.rng.random() < 0.3
        version = "2012-10-17" if self.rng.random() < 0.93 else "2008-10-17"
        document = {
            "Version": version,
            "Statement": statements[0] if one else statements,
        }
        if version == "2008-10-17" and self.rng.random() < 0.5:
            del document["Version"]
        return document

    def statement(self, index: int, *, of_resource: bool, broad: float) -> Case:
        rng = self.rng
        denies = rng.random() < 0.22
        trust = of_resource and self.trust
        made: dict[str, Any] = {"Effect": "Deny" if denies else "Allow"}
        if rng.random() < 0.3:
            made["Sid"] = f"S{index}"
        if of_resource:
            negative = denies and not trust and rng.random() < 0.2
            negative = negative or (not trust and rng.random() < 0.02)
            made["NotPrincipal" if negative else "Principal"] = self.principals()
        inverted = rng.random() < 0.08
        made["NotAction" if inverted else "Action"] = self.many(self.an_action, broad)
        if not trust:
            inverted = rng.random() < 0.08
            key = "NotResource" if inverted else "Resource"
            made[key] = self.many(self.a_resource, broad)
        if rng.random() < (0.75 if denies else 0.35):
            made["Condition"] = condition(rng, self.keys)
        return made

    def many(self, make: Any, broad: float) -> Any:
        if self.rng.random() < broad:
            return "*"
        made = [make() for _ in range(self.rng.choice([1, 1, 2, 3]))]
        return made[0] if len(made) == 1 and self.rng.random() < 0.5 else made

    def an_action(self) -> str:
        rng, (service, verb) = self.rng, self.action.split(":")
        other = rng.choice(list(ACTIONS))
        near = [
            self.action,
            _case(rng, self.action),
            f"{service}:*",
            f"{service}:{verb[: rng.randint(1, len(verb))]}*",
            f"{service}:*{verb[rng.randint(0, len(verb)) :]}",
            f"{service}:{_wild(rng, verb)}",
            f"{other}:*",
            f"{other}:{rng.choice(ACTIONS[other])}",
        ]
        return rng.choice(near)

    def a_resource(self) -> str:
        rng, resource = self.rng, self.resource
        if resource == "*":
            return rng.choice(["*", *RESOURCES["sqs"]]).format(HOME)
        fields = resource.split(":", 5)
        for index in (3, 4):
            if fields[index] and rng.random() < 0.2:
                fields[index] = rng.choice(["*", _wild(rng, fields[index])])
        kind, separator, tail = _cut(fields[2], fields[5])
        if ":" in fields[5] and rng.random() < 0.02:
            return f"arn:aws:{fields[2]}:*:{fields[5]}"
        if kind and rng.random() < 0.1:
            return ":".join([*fields[:5], "*"])
        choices = [
            tail,
            "*",
            _wild(rng, tail),
            tail[: rng.randint(0, len(tail))] + "*",
            "*" + tail[rng.randint(0, len(tail)) :],
            tail + "x",
            tail.upper(),
            tail.replace("alice", "${aws:username}"),
            tail.replace("yellow", "${aws:PrincipalTag/team}"),
            tail.replace("yellow", "${aws:PrincipalTag/none, 'yellow'}"),
            tail.replace("e", "${aws:PrincipalTag/none}"),
            "${*}",
        ]
        fields[5] = kind + separator + rng.choice(choices)
        return ":".join(fields)

    def principals(self) -> Any:
        rng = self.rng
        if rng.random() < 0.15:
            return "*"
        people = [ROLE, ROLE, SESSION, USER, HOME, f"arn:aws:iam::{HOME}:root"]
        people += [f"arn:aws:iam::{HOME}:role/other", OTHER, "*", SESSION + "x"]
        people.append(f"arn:aws:iam::{OTHER}:role/worker")
        made: dict[str, Any] = {}
        if self.name.endswith(".com") and rng.random() < 0.7:
            services = [self.name, "events.amazonaws.com"]
            made["Service"] = rng.choice([*services, services])
        elif rng.random() < 0.1:
            made["Service"] = "events.amazonaws.com"
        if not made or rng.random() < 0.3:
            listed = rng.sample(people, rng.choice([1, 1, 2]))
            made["AWS"] = listed[0] if len(listed) == 1 else listed
        return made


def _cut(service: str, resource: str) -> tuple[str, str, str]:
    """Cut off the type of the resource, which takes no wildcards."""
    typed = service in ("dynamodb", "events", "iam", "kms", "lambda", "secretsmanager")
    match = re.fullmatch(r"([a-z-]+)([:/])(.*)", resource)
    return match.groups() if typed and match else ("", "", resource)


def _wild(rng: random.Random, text: str) -> str:
    """Put a wildcard somewhere into *text*, which it still matches."""
    start = rng.randint(0, len(text))
    end = rng.randint(start, len(text))
    if rng.random() < 0.3 and start < len(text):
        return text[:start] + "?" + text[start + 1 :]
    return text[:start] + "*" + text[end:]


def _case(rng: random.Random, action: str) -> str:
    return rng.choice([action, action, action, action.lower(), action.upper()])
