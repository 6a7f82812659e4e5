"""Write the dashboard of a reference stack as a deploy would: `body.py <stem>`."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from tests.synthesized import class_id, stack_class


def body_of(stem: str) -> dict[str, Any]:
    """Give the body, with the names of resources where CloudFormation puts theirs."""
    stack = stack_class(stem)(App(), class_id(stem))
    template = Template.from_stack(stack)
    (dashboard,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    text, values = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    alarms = template.find_resources("AWS::CloudWatch::Alarm")
    names = {"AWS::Region": "eu-west-1"}
    for key, value in values.items():
        of = value.get("Fn::GetAtt", [""])[0]
        known = alarms[of]["Properties"]["AlarmName"] if of in alarms else None
        names[key] = known or _name(value)
    filled = re.sub(r"\$\{([^}]+)\}", lambda found: names[found[1]], text)
    body: dict[str, Any] = json.loads(filled)
    return body


def _name(value: Any) -> str:
    """Give the logical id that *value* refers to, without its hash."""
    found = re.search(r"'(?:Ref|Fn::GetAtt)': \[?'(\w+)[0-9A-F]{8}'", str(value))
    return found[1] if found else "default"


if __name__ == "__main__":
    json.dump(body_of(sys.argv[1]), sys.stdout, indent=1)
