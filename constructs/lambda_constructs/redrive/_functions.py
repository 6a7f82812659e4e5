"""What Lambda says of where failures go: of functions and of their mappings."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from lambda_constructs.redrive._catalogue import Catalogue
from lambda_constructs.redrive._stack import Resource
from lambda_constructs.redrive.stores import Origin

FUNCTION = "AWS::Lambda::Function"
ALIAS = "AWS::Lambda::Alias"
SETTINGS = ("FunctionResponseTypes", "StartingPosition", "TumblingWindowInSeconds")


def find_in_functions(catalogue: Catalogue, resources: Sequence[Resource]) -> None:
    """Find the destinations of asynchronous events, and dead-letter stores."""
    aliases = [each.id for each in resources if each.type == ALIAS]
    for each in [each for each in resources if each.type == FUNCTION]:
        own = [arn for arn in aliases if arn.split(":")[6] == each.id]
        _find_dead_letters(catalogue, each, own)
        _find_destinations(catalogue, each)


def _find_dead_letters(
    catalogue: Catalogue, function: Resource, aliases: Sequence[str]
) -> None:
    """A dead-letter store belongs to a version, and so to the aliases of that."""
    reader = catalogue.aws.reader("lambda")
    for name in aliases or [function.id]:
        told = reader.get_function_configuration(FunctionName=name)
        target = told.get("DeadLetterConfig", {}).get("TargetArn")
        if target:
            arn = name if aliases else str(told["FunctionArn"])
            origin = Origin("dead letters", _name(function), arn, arn)
            catalogue.add_destination(target, origin)


def _find_destinations(catalogue: Catalogue, function: Resource) -> None:
    configs = catalogue.aws.pages(
        "lambda",
        "list_function_event_invoke_configs",
        "FunctionEventInvokeConfigs",
        FunctionName=function.id,
    )
    for each in configs:
        told = each.get("DestinationConfig", {}).get("OnFailure", {})
        target, arn = told.get("Destination"), each["FunctionArn"]
        if target:
            prefix = f"aws/lambda/async/{function.id}/"
            origin = Origin("async", _name(function), arn, arn, prefix)
            catalogue.add_destination(target, origin)


def find_in_mapping(catalogue: Catalogue, resource: Resource) -> None:
    """Find what a mapping gives up, or the dead letters of the queue that it polls."""
    reader = catalogue.aws.reader("lambda")
    try:
        told = reader.get_event_source_mapping(UUID=resource.id)
    except ClientError as error:
        if "ResourceNotFound" in str(error):  # deleted beside CloudFormation
            return
        raise
    source = told.get("EventSourceArn", "")
    service = source.split(":")[2] if source else "kafka"
    if service == "sqs":
        catalogue.add_dead_letters_of(source)
        return
    target = told.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if not target:
        return
    kind = service if service in ("dynamodb", "kinesis") else "kafka"
    origin = Origin(
        kind,
        resource.name,
        source,
        told["FunctionArn"],
        prefix=f"aws/lambda/{resource.id}/",
        batch_size=int(told.get("BatchSize", 100)),
        settings={name: told[name] for name in SETTINGS if name in told},
    )
    catalogue.add_destination(target, origin)


def _name(function: Resource) -> str:
    """Give the path of the construct whose `Function` it is."""
    return function.name.removesuffix("/Function")
