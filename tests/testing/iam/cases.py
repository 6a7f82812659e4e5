"""A case of the fuzz as plain JSON, and what each evaluator makes of it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_constructs.testing._iam import Decision, Principal, Request, evaluate, parse

Case = dict[str, Any]
"""principal, action, resource, account, context; identity (a list), and boundary,
session and policy (documents or None)."""

RUNNER = Path(__file__).parent / "oracle" / "run.mjs"


def principal(name: str) -> Principal:
    """Give the principal of a case: a role session, a user, a service or nobody."""
    if name == "anonymous":
        return Principal.anonymous()
    if ":assumed-role/" in name:
        account, (_, role, session) = name.split(":")[4], name.split("/")
        return Principal.session(f"arn:aws:iam::{account}:role/{role}", session)
    return Principal.user(name) if ":user/" in name else Principal.service(name)


def request(case: Case) -> Request:
    return Request(
        principal(case["principal"]),
        case["action"],
        case["resource"],
        case["account"],
        case["context"],
    )


def resource_role(case: Case) -> str:
    """Tell what the policy of the resource is to the parser."""
    return "trust" if case["action"].lower().startswith("sts:") else "resource"


def ours(case: Case) -> Decision:
    """Ask our evaluator."""
    documents = {
        "boundary": (case["boundary"], "identity"),
        "session": (case["session"], "identity"),
        "resource": (case["policy"], resource_role(case)),
    }
    return evaluate(
        request(case),
        identity=[
            parse(document, name=f"identity{index}")
            for index, document in enumerate(case["identity"])
        ],
        **{
            name: parse(document, name=name, role=kind)
            for name, (document, kind) in documents.items()
            if document is not None
        },
    )


def simulation(case: Case) -> Case:
    """Put a case in the oracle's words."""
    name = case["principal"]
    asked = {
        "principal": {"type": "Anonymous"} if name == "anonymous" else name,
        "action": case["action"],
        "resource": {"resource": case["resource"], "accountId": case["account"]},
        "contextVariables": dict(request(case).keys),
    }
    # Who has no policies of its own; the oracle would count those of a service.
    outsider = principal(name).account is None
    own = {} if outsider else case
    optional = {
        "sessionPolicy": own.get("session"),
        "resourcePolicy": case["policy"],
        "permissionBoundaryPolicies": own.get("boundary")
        and [{"name": "boundary", "policy": case["boundary"]}],
    }
    return {
        "request": asked,
        "identityPolicies": [
            {"name": f"identity{index}", "policy": document}
            for index, document in enumerate(own.get("identity", []))
        ],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        **{key: value for key, value in optional.items() if value is not None},
    }


class OracleError(Exception):
    """The oracle refused a case: the generator made one that it cannot judge."""


@dataclass
class Oracle:
    """The other evaluator, in a process of its own."""

    folder: Path

    def __enter__(self) -> Oracle:
        self.process = subprocess.Popen(
            ["node", str(RUNNER), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)

    def ask(self, cases: list[Case]) -> list[str]:
        """Give the oracle's words for each case: Allowed, ImplicitlyDenied, ..."""
        for case in cases:
            line = json.dumps({"simulation": simulation(case)})
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answers = [json.loads(self.process.stdout.readline()) for _ in cases]
        for case, answer in zip(cases, answers, strict=True):
            if "error" in answer or answer["ignored"]:
                raise OracleError(f"{answer} to {json.dumps(case)}")
        return [answer["result"] for answer in answers]
