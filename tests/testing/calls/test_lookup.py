"""What the account says about itself, asked through moto."""

from __future__ import annotations

import boto3
import pytest
from botocore.config import Config

from lambda_constructs.testing._calls import AccountLookup

ACCOUNT = "123456789012"
PREFIX = f"eu-west-1:{ACCOUNT}"


@pytest.fixture
def session(aws):
    return boto3.Session()


@pytest.fixture
def lookup(session):
    return AccountLookup(session, ACCOUNT)


@pytest.fixture
def key(session):
    kms = session.client("kms")
    made = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/shop", TargetKeyId=made["KeyId"])
    return made["Arn"]


def test_a_key_is_found_by_id_arn_and_alias(lookup, key):
    """
    https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-alias.html
    """
    alias = f"arn:aws:kms:{PREFIX}:alias/shop"
    for name in (key, key.rpartition("/")[2], "alias/shop", alias):
        assert key == lookup.key_arn(name, "eu-west-1")
    assert lookup.key_arn("alias/none", "eu-west-1") is None


def test_a_key_that_aws_manages_is_no_customers(session, lookup):
    """
    A role needs no permission for it.
    """
    session.client("kms").describe_key(KeyId="alias/aws/ssm")

    assert lookup.customer_key("alias/aws/ssm", "eu-west-1") is None


@pytest.mark.parametrize("named", ["alias/shop", None])
def test_the_key_of_each_resource_is_found(session, lookup, key, named):
    """
    By whatever name the resource has it; without one there is none.
    """
    encrypted = {"KmsMasterKeyId": named} if named else {}
    session.client("sqs").create_queue(QueueName="q", Attributes=encrypted)
    session.client("sns").create_topic(Name="t", Attributes=encrypted)
    session.client("ssm").put_parameter(
        Name="/p/x",
        Value="v",
        Type="SecureString",
        **({"KeyId": named} if named else {}),
    )
    secret = session.client("secretsmanager").create_secret(
        Name="s", SecretString="v", **({"KmsKeyId": named} if named else {})
    )["ARN"]
    stream = session.client("kinesis")
    stream.create_stream(StreamName="k", ShardCount=1)
    if named:
        stream.start_stream_encryption(
            StreamName="k", EncryptionType="KMS", KeyId=named
        )
    session.client("dynamodb").create_table(
        TableName="d",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **(
            {
                "SSESpecification": {
                    "Enabled": True,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": key,
                }
            }
            if named
            else {}
        ),
    )

    found = {
        arn: lookup.encryption_key(arn)
        for arn in (
            f"arn:aws:sqs:{PREFIX}:q",
            f"arn:aws:sns:{PREFIX}:t",
            f"arn:aws:ssm:{PREFIX}:parameter/p/x",
            secret,
            f"arn:aws:kinesis:{PREFIX}:stream/k",
            f"arn:aws:dynamodb:{PREFIX}:table/d",
        )
    }

    assert dict.fromkeys(found, key if named else None) == found


def test_the_key_of_a_bucket_and_of_an_object(session, lookup, key):
    """
    An object keeps the key it was written with.
    """
    s3 = session.client("s3")
    where = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    s3.create_bucket(Bucket="shop", **where)
    s3.put_object(Bucket="shop", Key="plain", Body=b"")
    s3.put_bucket_encryption(
        Bucket="shop",
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": key,
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_object(
        Bucket="shop",
        Key="k",
        Body=b"",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )

    assert key == lookup.encryption_key("arn:aws:s3:::shop")
    assert key == lookup.object_key("shop", "k", None)
    assert lookup.object_key("shop", "plain", None) is None
    assert lookup.object_key("shop", "missing", None) is None
    assert lookup.bucket_has_key("shop")
    assert (ACCOUNT, None) == (
        lookup.bucket_owner("shop"),
        lookup.bucket_owner("other"),
    )


def test_a_ciphertext_tells_its_key(session, lookup, key):
    """
    moto's ciphertexts begin with the key's id.
    """
    kms = session.client("kms")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]

    assert key == lookup.ciphertext_key(blob, "eu-west-1")
    assert lookup.ciphertext_key(b"\xff", "eu-west-1") is None


def test_iterators_tell_their_streams(session, lookup):
    """
    Kinesis and DynamoDB differ.
    """
    kinesis, dynamodb = session.client("kinesis"), session.client("dynamodb")
    kinesis.create_stream(StreamName="k", ShardCount=1)
    shard = kinesis.list_shards(StreamName="k")["Shards"][0]["ShardId"]
    table = dynamodb.create_table(
        TableName="d",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    streams = session.client(
        # moto does not know the endpoint that has the account in its name.
        "dynamodbstreams",
        config=Config(account_id_endpoint_mode="disabled"),
    )
    arn = table["LatestStreamArn"]
    first = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]

    of_kinesis = kinesis.get_shard_iterator(
        StreamName="k", ShardId=shard, ShardIteratorType="LATEST"
    )["ShardIterator"]
    of_table = streams.get_shard_iterator(
        StreamArn=arn, ShardId=first["ShardId"], ShardIteratorType="LATEST"
    )["ShardIterator"]

    assert f"arn:aws:kinesis:{PREFIX}:stream/k" == lookup.stream_of(
        of_kinesis, "eu-west-1"
    )
    assert arn == lookup.stream_of(of_table, "eu-west-1")


def test_a_secret_is_found_by_name_and_partial_arn(session, lookup):
    """
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
    """
    client = session.client("secretsmanager")
    arn = client.create_secret(Name="db", SecretString="v")["ARN"]

    assert arn == lookup.secret_arn("db", "eu-west-1")
    assert lookup.secret_arn("none", "eu-west-1") is None
    assert (arn,) == lookup.secrets([{"Key": "name", "Values": ["db"]}], "eu-west-1")


def test_partition_keys_of_a_table_and_its_index(session, lookup):
    """
    Leading keys are of what is queried.
    """
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    session.client("dynamodb").create_table(
        TableName="d",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")
        ],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "ByDay",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            }
        ],
    )
    table = f"arn:aws:dynamodb:{PREFIX}:table/d"

    assert ("id", "day") == (
        lookup.partition_key(table, None),
        lookup.partition_key(table, "ByDay"),
    )
    assert lookup.partition_key(table + "x", None) is None


def test_queues_that_redrive_into_a_dead_letter_queue(session, lookup):
    """
    A redrive without a destination goes back to them.
    """
    sqs = session.client("sqs")
    sqs.create_queue(QueueName="dead")
    dead = f"arn:aws:sqs:{PREFIX}:dead"
    policy = f'{{"deadLetterTargetArn": "{dead}", "maxReceiveCount": 3}}'
    sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})

    assert (f"arn:aws:sqs:{PREFIX}:q",) == lookup.redrive_sources(dead)


def test_parameters_tags_and_identities(session, lookup):
    """
    What lies under a path, what an instance is tagged, and who sends mail.
    """
    session.client("ssm").put_parameter(Name="/a/b", Value="v", Type="String")
    session.client("ses").verify_domain_identity(Domain="example.com")
    volume = session.client("ec2").create_volume(
        AvailabilityZone="eu-west-1a",
        Size=1,
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": "env", "Value": "dev"}]}
        ],
    )["VolumeId"]

    assert ("/a/b",) == lookup.parameters("/a", True, "eu-west-1")
    assert {"env": "dev"} == lookup.tags(f"arn:aws:ec2:{PREFIX}:volume/{volume}")
    assert "example.com" == lookup.email_identity("a@example.com", "eu-west-1")
    assert "a@other.com" == lookup.email_identity("a@other.com", "eu-west-1")


def test_facts_are_remembered_until_a_call_changes_them(session, lookup, key):
    """
    Asking once is what keeps a call cheap.
    """
    sqs, arn = session.client("sqs"), f"arn:aws:sqs:{PREFIX}:q"
    assert lookup.encryption_key(arn) is None
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})[
        "QueueUrl"
    ]
    assert key == lookup.encryption_key(arn)

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": ""})
    lookup.changed("sqs", "SendMessage")
    assert key == lookup.encryption_key(arn)
    lookup.changed("sqs", "SetQueueAttributes")
    assert lookup.encryption_key(arn) is None
