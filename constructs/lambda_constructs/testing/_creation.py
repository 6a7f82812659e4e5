"""What Lambda checks of a role before it creates something that needs it.

What is refused here fails a deployment. The policy has to be there by then: it comes
before, or what is created depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._asynchronous import AsyncConfig, prefix_of
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from lambda_constructs.testing._calls import Denial
    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing.account import LocalAccount

PROVIDED = "The provided execution role does not have permissions to call {} on {}"
OWN = "The function's execution role does not have permissions to call {} on {}"
POLLED = "The function execution role does not have permissions to call {} on SQS"
READ = (
    "Cannot access stream {}. Please ensure the role can perform the {}, and "
    "ListStreams Actions on your stream in IAM"
)
"""Lambda's own words, each of an InvalidParameterValueException."""

INTERFACES = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DeleteNetworkInterface",
)
"""What no function in a VPC is created without; the rest would fail later."""

DEAD_LETTERS = {"sns": ("Publish", "SNS"), "sqs": ("SendMessage", "SQS")}

DESTINATIONS = {
    "events": "PutEvents",
    "lambda": "InvokeFunction",
    "s3": "PutObject",
    "sns": "Publish",
    "sqs": "SendMessage",
}

POLLING = {
    "consumer": ("SubscribeToShard", "DescribeStreamConsumer"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards"),
    "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
}


def check_function(account: LocalAccount, function: FunctionState) -> None:
    """Make the calls for its network interfaces, and check its dead-letter queue.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html

    Raises:
        AccountError: The role does not allow it.
    """
    for operation, params in _network_calls(function.properties.get("VpcConfig", {})):
        denial = account.authority.refuses(function, "ec2", operation, params)
        if denial is not None and operation in INTERFACES:
            raise _refused(function, PROVIDED.format(operation, "EC2"), denial)
    target = function.properties.get("DeadLetterConfig", {}).get("TargetArn")
    if target is not None:
        service = str(target).split(":")[2]
        action, name = DEAD_LETTERS[service]
        denial = account.authority.lacks(function, [f"{service}:{action}"], target)
        if denial is not None:
            raise _refused(function, PROVIDED.format(action, name), denial)


def check_destinations(
    account: LocalAccount, function: FunctionState, config: AsyncConfig
) -> None:
    """Check that records of asynchronous events can be sent.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

    Raises:
        AccountError: The role does not allow it.
    """
    for target in filter(None, (config.on_success, config.on_failure)):
        service = target.split(":")[2]
        if service not in DESTINATIONS:
            continue
        action = DESTINATIONS[service]
        key = f"/{prefix_of(function)}key" if service == "s3" else ""
        where = f"{target}{key}"
        denial = account.authority.lacks(function, [f"{service}:{action}"], where)
        if denial is not None:
            raise _refused(function, OWN.format(action, target), denial)


def check_mapping(account: LocalAccount, function: FunctionState, source: str) -> None:
    """Check that Lambda can poll.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html

    Raises:
        AccountError: The role does not allow it.
    """
    service = source.split(":")[2]
    kind = "consumer" if "/consumer/" in source else service
    for action in POLLING[kind]:
        denial = account.authority.lacks(function, [f"{service}:{action}"], source)
        if denial is None:
            continue
        words = POLLED.format(action)
        if service != "sqs":
            words = READ.format(source, ", ".join(POLLING[kind]))
        raise _refused(function, words, denial)


def _network_calls(
    config: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give what Lambda calls in the course of a function's life."""
    subnets = config.get("SubnetIds", [])
    if not subnets:
        return
    yield "DescribeSubnets", {"SubnetIds": subnets}
    groups = config.get("SecurityGroupIds", [])
    for subnet in subnets:
        yield "CreateNetworkInterface", {"SubnetId": subnet, "Groups": groups}
    interface = {"NetworkInterfaceId": "eni-00000000000000000"}
    yield "DescribeNetworkInterfaces", {}
    yield "AssignPrivateIpAddresses", interface
    yield "UnassignPrivateIpAddresses", interface
    yield "DeleteNetworkInterface", interface


def _refused(function: FunctionState, words: str, denial: Denial) -> AccountError:
    return AccountError(
        f"{function.path}: {words}: {denial.action} on {denial.resource}; allow it in "
        "a policy of its role that comes before what needs it"
    )
