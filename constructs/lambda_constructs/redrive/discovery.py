"""Finds every failure store of a deployed stack by what its services say.

Templates name most things by intrinsic functions, and other stacks' not at all. So
CloudFormation tells which resources there are, and each service where it sends what
it could not deliver or process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambda_constructs.redrive._aws import Aws, explain
from lambda_constructs.redrive._catalogue import Catalogue
from lambda_constructs.redrive._delivery import find_in_delivery_stream
from lambda_constructs.redrive._functions import find_in_functions, find_in_mapping
from lambda_constructs.redrive._stack import Resource, resources_of
from lambda_constructs.redrive.errors import RedriveError, nearest
from lambda_constructs.redrive.stores import Origin, Store

__all__ = ["choose", "find_stores"]


def find_stores(aws: Aws, stack: str) -> list[Store]:
    """Give every failure store of a deployed stack, by name.

    Raises:
        RedriveError: There is no such stack, or it may not be looked at.
    """
    try:
        resources = resources_of(aws, stack)
        catalogue = Catalogue(aws)
        _name(catalogue, resources)
        find_in_functions(catalogue, resources)
        for each in resources:
            find = FINDERS.get(each.type)
            if find is not None:
                find(catalogue, each)
        return catalogue.stores()
    except (BotoCoreError, ClientError) as error:
        raise explain(error) from None


def choose(stores: Sequence[Store], names: Sequence[str]) -> list[Store]:
    """Give the stores of these names, or all of them.

    A name is a construct path or the end of one, or the name of a queue or bucket.

    Raises:
        RedriveError: There is none of that name, or more than one.
    """
    return [_choose(stores, name) for name in names] if names else list(stores)


def _choose(stores: Sequence[Store], name: str) -> Store:
    exact = [
        each for each in stores if name in (each.name, each.arn.rsplit(":", 1)[-1])
    ]
    found = exact or [each for each in stores if each.name.endswith(f"/{name}")]
    if len(found) == 1:
        return found[0]
    known = [each.name for each in stores]
    if found:
        several = " or ".join(each.name for each in found)
        raise RedriveError(f"more than one store is named {name!r}; say {several}")
    raise RedriveError(f"there is no failure store {name!r}{nearest(name, known)}")


def _name(catalogue: Catalogue, resources: Sequence[Resource]) -> None:
    for each in resources:
        if each.type == "AWS::SQS::Queue":
            arn = catalogue.queue(each.id).get("QueueArn")
            if arn:
                catalogue.names[arn] = each.name
        elif each.type == "AWS::S3::Bucket":
            catalogue.names[f"arn:aws:s3:::{each.id}"] = each.name
        elif each.id.startswith("arn:"):
            catalogue.names[each.id] = each.name


def _queue(catalogue: Catalogue, resource: Resource) -> None:
    if catalogue.queue(resource.id):
        catalogue.add_dead_letters_of(resource.id)
        for source in catalogue.sources_of(resource.id):
            catalogue.add_dead_letters_of(source)


def _rule(catalogue: Catalogue, resource: Resource) -> None:
    for name, place in _places_of(catalogue, resource.id):
        try:
            told = catalogue.aws.reader("events").describe_rule(Name=name, **place)
        except ClientError as error:
            if "ResourceNotFound" not in str(error):
                raise
            continue
        _rule_targets(catalogue, resource, str(told["Arn"]), name, place)
        return


def _places_of(
    catalogue: Catalogue, id: str
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give where a rule may be: its id is `bus|rule`, an ARN, or the name alone."""
    path = id.partition(":rule/")[2].split("/") if id.startswith("arn:") else None
    parts = path or id.split("|")
    if len(parts) == 2:
        yield parts[1], {"EventBusName": parts[0]}
        return
    yield parts[0], {}
    for bus in catalogue.aws.reader("events").list_event_buses()["EventBuses"]:
        if bus["Name"] != "default":
            yield parts[0], {"EventBusName": bus["Name"]}


def _rule_targets(
    catalogue: Catalogue,
    resource: Resource,
    arn: str,
    name: str,
    place: Mapping[str, str],
) -> None:
    targets = catalogue.aws.pages(
        "events", "list_targets_by_rule", "Targets", Rule=name, **place
    )
    for target in targets:
        store = target.get("DeadLetterConfig", {}).get("Arn")
        if store:
            origin = Origin(
                "rule", resource.name, arn, target["Arn"], settings=dict(target)
            )
            catalogue.add("queue", store, origin)


def _subscription(catalogue: Catalogue, resource: Resource) -> None:
    answer = catalogue.aws.reader("sns").get_subscription_attributes(
        SubscriptionArn=resource.id
    )
    attributes: Mapping[str, Any] = answer["Attributes"]
    policy = json.loads(attributes.get("RedrivePolicy") or "{}")
    store = policy.get("deadLetterTargetArn")
    if store:
        origin = Origin(
            "subscription",
            resource.name,
            resource.id,
            attributes["Endpoint"],
            settings={
                "topic": attributes["TopicArn"],
                "protocol": attributes["Protocol"],
                "raw": attributes.get("RawMessageDelivery") == "true",
            },
        )
        catalogue.add("queue", store, origin)


def _schedule(catalogue: Catalogue, resource: Resource) -> None:
    """CloudFormation gives a schedule's name without its group."""
    scheduler = catalogue.aws.reader("scheduler")
    found = catalogue.aws.pages(
        "scheduler", "list_schedules", "Schedules", NamePrefix=resource.id
    )
    for each in [each for each in found if each["Name"] == resource.id]:
        told = scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"])
        target = told["Target"]
        store = target.get("DeadLetterConfig", {}).get("Arn")
        if store:
            origin = Origin(
                "schedule",
                resource.name,
                each["Arn"],
                target["Arn"],
                settings=dict(target),
            )
            catalogue.add("queue", store, origin)


def _iot_rule(catalogue: Catalogue, resource: Resource) -> None:
    told = catalogue.aws.reader("iot").get_topic_rule(ruleName=resource.id)
    rule = told["rule"]
    action = rule.get("errorAction", {})
    functions = [
        each["lambda"]["functionArn"]
        for each in rule.get("actions", [])
        if "lambda" in each
    ]
    settings = {"sql": rule["sql"], "functions": functions}
    if "sqs" not in action or not functions:
        return
    url = action["sqs"]["queueUrl"]
    arn = catalogue.queue(url).get("QueueArn")
    if arn:
        origin = Origin(
            "iot", resource.name, told["ruleArn"], functions[0], settings=settings
        )
        catalogue.add("queue", arn, origin)


FINDERS: Mapping[str, Callable[[Catalogue, Resource], None]] = {
    "AWS::Events::Rule": _rule,
    "AWS::IoT::TopicRule": _iot_rule,
    "AWS::KinesisFirehose::DeliveryStream": find_in_delivery_stream,
    "AWS::Lambda::EventSourceMapping": find_in_mapping,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SQS::Queue": _queue,
    "AWS::Scheduler::Schedule": _schedule,
}
