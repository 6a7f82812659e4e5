"""Run by the tools' Python: what parliament says of policies, as JSON."""

import json
import sys
import warnings
from collections.abc import Iterator
from typing import Any

with warnings.catch_warnings():
    # It asks setuptools for its data in the old way.
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string, enhance_finding


def find(resource: str, document: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Give what is said of one policy."""
    for each in analyze_policy_string(json.dumps(document)).findings:
        full = enhance_finding(each)
        yield {
            "rule": full.issue,
            "resource": resource,
            "message": f"{full.title}: {full.detail}",
        }


def main() -> None:
    """Read policies by the names of their resources, write the findings."""
    policies = json.load(sys.stdin)
    findings = [each for item in policies.items() for each in find(*item)]
    json.dump(findings, sys.stdout)


main()
