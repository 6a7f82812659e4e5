"""Answers to what cdk-nag says of this library's own constructs.

cdk-nag is not needed to import this: an answer is CDK's own acknowledgement, by the
exact id of a finding, on the one construct that it is about. It is in no template.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

from lambda_constructs._known import node_of
from lambda_constructs._nag_wildcards import justified_wildcards
from lambda_constructs.edge import EdgeFunction
from lambda_constructs.function import LambdaFunction

__all__ = ["acknowledge_findings"]

FUNCTION = {
    "NIST.800.53.R5-LambdaConcurrency": (
        "reserved concurrency takes from what the account's other functions share; "
        "reserved_concurrent_executions= sets it"
    ),
    "NIST.800.53.R5-LambdaInsideVPC": (
        "AWS advises against a VPC for what reaches nothing in one; vpc= sets it"
    ),
}
FAILURES = dict.fromkeys(
    ("NIST.800.53.R5-LambdaDLQ", "Serverless-LambdaDLQ"),
    "what fails is kept by the alias's destination or by the event source, which "
    "these rules do not see",
)
AT_EDGE = dict.fromkeys(
    (*FUNCTION, *FAILURES, "Serverless-LambdaTracing"),
    "Lambda@Edge has none of it, and CloudFront waits for the answer",
)
LOG_GROUP = {
    "NIST.800.53.R5-CloudWatchLogGroupEncrypted": (
        "CloudWatch encrypts every group; log_group= takes one with a key of your own"
    )
}
FAILURE_QUEUE = dict.fromkeys(
    ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"),
    "what could not be processed ends here, so no further queue comes after it",
)
QUEUE_MAPPING = {
    "Serverless-LambdaEventSourceMappingDestination": (
        "the mapping of a queue has no destination; the queue has its own"
    )
}


def acknowledge_findings(scope: IConstruct) -> None:
    """Acknowledge what cdk-nag finds in what the library made below *scope*.

    Of the packs AwsSolutions, NIST 800-53 R5 and Serverless. Call it last, before
    `app.synth()`: it looks at what there is. What you define yourself is left to you,
    and so is a grant of yours that is wider than the library's would be.
    """
    for construct in node_of(scope).find_all():
        if isinstance(construct, LambdaFunction):
            _of_function(construct)
        elif isinstance(construct, EdgeFunction):
            _acknowledge(construct.function, AT_EDGE)
            _acknowledge(construct.log_group, LOG_GROUP)
            _acknowledge(construct.policy, justified_wildcards(construct.policy))


def _of_function(function: LambdaFunction) -> None:
    kept = bool(function.event_sources) or function.async_config is not None
    _acknowledge(function.function, {**FUNCTION, **FAILURES} if kept else FUNCTION)
    if node_of(function).try_find_child("Logs") is not None:
        _acknowledge(function.log_group, LOG_GROUP)
    for queue in function.failure_queues:
        _acknowledge(queue, FAILURE_QUEUE)
    for construct in node_of(function).find_all():
        if isinstance(construct, iam.ManagedPolicy):
            _acknowledge(construct, justified_wildcards(construct))
        elif (
            isinstance(construct, lambda_.CfnEventSourceMapping)
            # Only queues, of SQS and of brokers, are read from no position.
            and construct.starting_position is None
        ):
            _acknowledge(construct, QUEUE_MAPPING)


def _acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    answers: Iterable[Acknowledgment] = (
        Acknowledgment(id=id, reason=reason) for id, reason in reasons.items()
    )
    if reasons:
        Validations.of(construct).acknowledge(*answers)
