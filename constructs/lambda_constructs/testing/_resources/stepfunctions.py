"""AWS Step Functions."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing.errors import AccountError

LOGGING = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


def create_state_machine(request: Request) -> Created:
    """Create a state machine, which moto then interprets."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("StateMachineName"), most=80)
    definition = _definition(request)
    _check_logs(request)
    account.workflows.prepare()
    arn = account.client("stepfunctions").create_state_machine(
        name=name,
        definition=definition,
        roleArn=properties["RoleArn"],
        type=properties.get("StateMachineType", "STANDARD"),
    )["stateMachineArn"]
    account.workflows.add(arn, request.path, properties["RoleArn"], definition)
    if properties.get("TracingConfiguration", {}).get("Enabled"):
        account.workflows.traced.add(arn)
    return Created(arn, {"Arn": arn, "Name": name})


def _check_logs(request: Request) -> None:
    """Check that Step Functions may have its logs delivered.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    logging = request.properties.get("LoggingConfiguration", {})
    if not logging.get("Destinations") or logging.get("Level", "OFF") == "OFF":
        return
    role = str(request.properties["RoleArn"])
    asked = [(f"logs:{each}", "*") for each in LOGGING]
    if not request.account.authority.allows_service(role, request.path, asked):
        raise AccountError(
            f"{request.path}: the state machine IAM Role is not authorized to access "
            f"the Log Destination; allow {', '.join(LOGGING)} of logs in a policy of "
            "its role that comes before it"
        )


def _definition(request: Request) -> str:
    """Give the definition as text, its substitutions made."""
    properties = request.properties
    given: Any = properties.get("DefinitionString", properties.get("Definition"))
    if given is None:
        raise AccountError(
            f"{request.path} keeps its definition in S3, which is not modelled; use "
            "DefinitionBody.from_string or from_chainable"
        )
    values = properties.get("DefinitionSubstitutions", {})
    text = given if isinstance(given, str) else json.dumps(given)
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


CREATE: dict[str, Create] = {"AWS::StepFunctions::StateMachine": create_state_machine}
