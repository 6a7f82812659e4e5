"""Where each service says which KMS key encrypts a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

Client: TypeAlias = Any  # of one of several services
Read: TypeAlias = Callable[[Client, str], str]


def _queue(client: Client, arn: str) -> str:
    *_, owner, name = arn.split(":")
    found = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=owner)
    answer = client.get_queue_attributes(
        QueueUrl=found["QueueUrl"], AttributeNames=["KmsMasterKeyId"]
    )
    return str(answer.get("Attributes", {}).get("KmsMasterKeyId", ""))


def _topic(client: Client, arn: str) -> str:
    answer = client.get_topic_attributes(TopicArn=arn)
    return str(answer["Attributes"].get("KmsMasterKeyId", ""))


def _table(client: Client, arn: str) -> str:
    answer = client.describe_table(TableName=arn.rpartition("/")[2])
    return str(answer["Table"].get("SSEDescription", {}).get("KMSMasterKeyArn", ""))


def _stream(client: Client, arn: str) -> str:
    name = arn.rpartition("/")[2]
    answer = client.describe_stream_summary(StreamName=name)
    summary = answer["StreamDescriptionSummary"]
    return str(summary.get("KeyId") or "")


def _secret(client: Client, arn: str) -> str:
    return str(client.describe_secret(SecretId=arn).get("KmsKeyId") or "")


def _parameter(client: Client, arn: str) -> str:
    name = arn.partition(":parameter/")[2]
    answer = client.describe_parameters(
        ParameterFilters=[
            {"Key": "Name", "Option": "Equals", "Values": [name, f"/{name}"]}
        ]
    )
    return "".join(str(each.get("KeyId") or "") for each in answer["Parameters"][:1])


def _bucket(client: Client, arn: str) -> str:
    rules = bucket_rules(client, arn.rpartition(":")[2])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return str(default.get("KMSMasterKeyID") or "")


def bucket_rules(client: Client, bucket: str) -> list[dict[str, Any]]:
    """The default encryption of a bucket; none is not an error."""
    try:
        answer = client.get_bucket_encryption(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ServerSideEncryptionConfigurationNotFoundError":
            return []
        raise
    rules: list[dict[str, Any]] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rules


KEYS: dict[str, Read] = {
    "dynamodb": _table,
    "kinesis": _stream,
    "s3": _bucket,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
    "ssm": _parameter,
}


def schemas(client: Client, arn: str) -> dict[str, str]:
    """The partition key of a table, under '', and of each of its indexes."""
    table = client.describe_table(TableName=arn.rpartition("/")[2])["Table"]
    indexes = [
        *table.get("GlobalSecondaryIndexes", []),
        *table.get("LocalSecondaryIndexes", []),
    ]
    holders = {"": table, **{index["IndexName"]: index for index in indexes}}
    return {
        name: next(
            key["AttributeName"]
            for key in holder["KeySchema"]
            if key["KeyType"] == "HASH"
        )
        for name, holder in holders.items()
    }
