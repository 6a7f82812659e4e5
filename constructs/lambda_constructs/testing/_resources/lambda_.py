"""AWS Lambda."""

from __future__ import annotations

from lambda_constructs.testing._asynchronous import AsyncConfig
from lambda_constructs.testing._creation import (
    check_destinations,
    check_function,
    check_mapping,
)
from lambda_constructs.testing._functions import Alias, FunctionState
from lambda_constructs.testing._push import statement
from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sqs_poller import SqsPoller
from lambda_constructs.testing._stream_poller import StreamPoller
from lambda_constructs.testing.errors import AccountError

POLLERS: dict[str, type[SqsPoller] | type[StreamPoller]] = {
    "dynamodb": StreamPoller,
    "kinesis": StreamPoller,
    "sqs": SqsPoller,
}


def create_function(request: Request) -> Created:
    """Create a function from its deployment package."""
    account, properties = request.account, request.properties
    name = request.name(properties.get("FunctionName"))
    if properties.get("PackageType") == "Image":
        raise AccountError(
            f"{request.path} is a container image, which cannot run in process; "
            "test its handler as a package"
        )
    state = FunctionState(
        account,
        request.path,
        name,
        properties,
        account.packages.unpack(request),
        account.faults,
    )
    check_function(account, state)
    account.functions[name] = state
    return Created(name, {"Arn": state.arn})


def create_version(request: Request) -> Created:
    """Publish a version."""
    state = request.account.function_state(request.properties["FunctionName"])
    version = state.publish()
    arn = f"{state.arn}:{version}"
    return Created(arn, {"FunctionArn": arn, "Version": version})


def create_alias(request: Request) -> Created:
    """Name a version."""
    properties = request.properties
    state = request.account.function_state(properties["FunctionName"])
    routing = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
    state.aliases[properties["Name"]] = Alias(
        properties["Name"],
        str(properties["FunctionVersion"]),
        {each["FunctionVersion"]: float(each["FunctionWeight"]) for each in routing},
    )
    if "ProvisionedConcurrencyConfig" in properties:
        request.account.note_unmodelled(request, "provisioned concurrency")
    arn = f"{state.arn}:{properties['Name']}"
    return Created(arn, {"AliasArn": arn})


def create_permission(request: Request) -> Created:
    """Let a service or an account invoke one qualifier."""
    properties = request.properties
    state, qualifier = request.account.function_and_qualifier(
        properties["FunctionName"]
    )
    name = request.name()
    made = statement(properties, name, state.arn_of(qualifier))
    state.permissions.setdefault(qualifier, []).append(made)
    return Created(name, {"Id": name})


def create_event_invoke_config(request: Request) -> Created:
    """Say what becomes of asynchronous events of one qualifier."""
    properties = request.properties
    state = request.account.function_state(properties["FunctionName"])
    config = AsyncConfig.of(properties)
    check_destinations(request.account, state, config)
    request.account.asynchronous.configure(state, properties["Qualifier"], config)
    return Created(f"{state.name}|{properties['Qualifier']}")


def create_mapping(request: Request) -> Created:
    """Begin to poll."""
    account, properties = request.account, request.properties
    arn = str(properties.get("EventSourceArn", ""))
    poller = POLLERS.get(":".join(arn.split(":")[2:3]))
    if poller is None:
        account.note_unmodelled(request, f"event source {arn}")
        return Created(request.name())
    state, qualifier = account.function_and_qualifier(properties["FunctionName"])
    check_mapping(account, state, arn)
    made = poller(account, state, qualifier, properties)
    account.pollers.append(made)
    return Created(made.meter.uuid, {"Id": made.meter.uuid})


CREATE: dict[str, Create] = {
    "AWS::Lambda::Alias": create_alias,
    "AWS::Lambda::EventInvokeConfig": create_event_invoke_config,
    "AWS::Lambda::EventSourceMapping": create_mapping,
    "AWS::Lambda::Function": create_function,
    "AWS::Lambda::Permission": create_permission,
    "AWS::Lambda::Version": create_version,
}
