"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name

machine = at("states", "{}", "stateMachineArn")
execution = at("states", "{}", "executionArn")
activity = at("states", "{}", "activityArn")

OPERATIONS: dict[str, Rule] = {
    **same_name(
        "states",
        machine,
        "DeleteStateMachine",
        "DescribeStateMachine",
        "ListStateMachineAliases",
        "ListStateMachineVersions",
        "PublishStateMachineVersion",
        "StartExecution",
        "StartSyncExecution",
    ),
    **same_name(
        "states",
        execution,
        "DescribeExecution",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "ListMapRuns",
        "RedriveExecution",
        "StopExecution",
    ),
    **same_name(
        "states", at("states", "{}", "stateMachineArn", "mapRunArn"), "ListExecutions"
    ),
    **same_name(
        "states", at("states", "{}", "mapRunArn"), "DescribeMapRun", "UpdateMapRun"
    ),
    **same_name(
        "states", activity, "DeleteActivity", "DescribeActivity", "GetActivityTask"
    ),
    **same_name(
        "states",
        at("states", "{}", "stateMachineAliasArn"),
        "DescribeStateMachineAlias",
        "UpdateStateMachineAlias",
    ),
    **same_name(
        "states",
        at("states", "{}", "resourceArn"),
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ),
    **same_name(
        "states",
        anywhere,
        "ListActivities",
        "ListStateMachines",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "ValidateStateMachineDefinition",
    ),
}
