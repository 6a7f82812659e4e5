"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodepipeline.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Request, Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name


def action(request: Request) -> str:
    """An action of a stage of a pipeline."""
    names = (request.text(f"{part}Name") for part in ("pipeline", "stage", "action"))
    return request.arn("codepipeline", "/".join(names))


pipeline = at("codepipeline", "{}", "pipelineName", "name")

OPERATIONS: dict[str, Rule] = {
    **same_name("codepipeline", action, "PutActionRevision", "PutApprovalResult"),
    **same_name(
        "codepipeline",
        pipeline,
        "GetPipeline",
        "GetPipelineExecution",
        "GetPipelineState",
        "ListActionExecutions",
        "ListPipelineExecutions",
        "StartPipelineExecution",
        "StopPipelineExecution",
    ),
    **same_name(
        "codepipeline",
        anywhere,
        "AcknowledgeJob",
        "GetJobDetails",
        "ListPipelines",
        "PutJobFailureResult",
        "PutJobSuccessResult",
    ),
}
