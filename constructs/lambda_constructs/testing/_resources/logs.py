"""Amazon CloudWatch Logs."""

from __future__ import annotations

from contextlib import suppress

from botocore.exceptions import ClientError

from lambda_constructs.testing._resources._create import Create, Created, Request
from lambda_constructs.testing._sources.senders import DeliveryError, Sender, check
from lambda_constructs.testing.errors import AccountError

DELIVERY = "delivery.logs.amazonaws.com"

ENCRYPTION = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What the service does with a customer's key, of what its documentation lists."""


def create_log_group(request: Request) -> Created:
    """Create a log group with its retention and its key."""
    properties = request.properties
    logs = request.account.client("logs")
    name = request.name(properties.get("LogGroupName"), most=512)
    if "KmsKeyId" in properties:
        _encrypt(request, name, str(properties["KmsKeyId"]))
    logs.create_log_group(logGroupName=name)
    if "RetentionInDays" in properties:
        logs.put_retention_policy(
            logGroupName=name, retentionInDays=int(properties["RetentionInDays"])
        )
    request.account.log_groups.add(name)
    return Created(name, {"Arn": request.arn("logs", f"log-group:{name}:*")})


def _encrypt(request: Request, name: str, key: str) -> None:
    """Have the service use a key, whose policy has to let it, for this group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html

    Raises:
        AccountError: The key's policy does not let it.
    """
    account = request.account
    try:
        account.client("kms").describe_key(KeyId=key)
    except ClientError:
        account.note_unmodelled(request, "a key that is not in this account")
        return
    arn = request.arn("logs", f"log-group:{name}")
    sender = Sender(f"logs.{account.region}.amazonaws.com", arn)
    context = {"kms:EncryptionContext:aws:logs:arn": arn}
    for action in ENCRYPTION:
        try:
            check(account, sender, action, key, context)
        except DeliveryError as error:
            raise AccountError(
                f"{request.path}: The specified KMS key does not exist or is not "
                f"allowed to be used with {arn}: {error}; let the service use it in "
                "the key's policy"
            ) from None


def create_log_stream(request: Request) -> Created:
    """Create a stream in a log group."""
    name = request.name(request.properties.get("LogStreamName"), most=512)
    request.account.client("logs").create_log_stream(
        logGroupName=request.properties["LogGroupName"], logStreamName=name
    )
    return Created(name)


def create_subscription_filter(request: Request) -> Created:
    """Send on what is logged."""
    properties = request.properties
    name = request.name(properties.get("FilterName"), most=512)
    request.account.sources.log_groups.subscribe(request.path, name, properties)
    if ":lambda:" not in properties["DestinationArn"]:
        request.account.note_unmodelled(request, "destinations other than Lambda")
    return Created(name)


def create_delivery_source(request: Request) -> Created:
    """Say whose logs are to be delivered."""
    name = str(request.properties["Name"])
    arn = request.arn("logs", f"delivery-source:{name}")
    return Created(name, {"Arn": arn, "Service": "cloudfront"})


def create_delivery_destination(request: Request) -> Created:
    """Say where logs are to be delivered."""
    name = str(request.properties["Name"])
    arn = request.arn("logs", f"delivery-destination:{name}")
    resource = str(request.properties["DestinationResourceArn"])
    request.account.log_destinations[arn] = resource
    return Created(name, {"Arn": arn})


def create_delivery(request: Request) -> Created:
    """Deliver, if the bucket lets it; nothing is written.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
    """
    account, properties = request.account, request.properties
    source = request.arn("logs", f"delivery-source:{properties['DeliverySourceName']}")
    target = account.log_destinations.get(str(properties["DeliveryDestinationArn"]), "")
    if ":s3:" not in target:
        account.note_unmodelled(request, "delivery of logs elsewhere than to S3")
        return Created(request.name(), {"DeliveryId": request.name()})
    key = f"{target}/AWSLogs/{account.id}/CloudFront/log.gz"
    acl = {"s3:x-amz-acl": "bucket-owner-full-control"}
    with suppress(DeliveryError):  # which is in the timeline
        check(account, Sender(DELIVERY, source), "s3:PutObject", key, acl)
    return Created(request.name(), {"DeliveryId": request.name()})


CREATE: dict[str, Create] = {
    "AWS::Logs::Delivery": create_delivery,
    "AWS::Logs::DeliveryDestination": create_delivery_destination,
    "AWS::Logs::DeliverySource": create_delivery_source,
    "AWS::Logs::LogGroup": create_log_group,
    "AWS::Logs::LogStream": create_log_stream,
    "AWS::Logs::SubscriptionFilter": create_subscription_filter,
}
