"""The bucket where SES puts a mail before it invokes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import IConstruct, IDependable

from lambda_constructs._known import account_of, path_of, resource_of, stack_of
from lambda_constructs.errors import ConfigurationError
from lambda_constructs.event_sources._ses_rule import SES, rule_arn

if TYPE_CHECKING:
    from lambda_constructs.function import LambdaFunction


def put_into(
    function: LambdaFunction,
    bucket: s3.Bucket | s3.IBucket,
    prefix: str | None,
    name: str,
    rule_set_name: str,
) -> IDependable | None:
    """Let SES put mail into *bucket* for the rule *name*; give what it waits for.

    Raises:
        ConfigurationError: The policy of the bucket is not ours to extend.
    """
    if resource_of(bucket) is None:
        raise ConfigurationError(
            f"bucket must be defined here, got imported {path_of(bucket)}; SES needs "
            "a statement in its policy, so pass the bucket of this app",
            scope=function,
        )
    sender = iam.ServicePrincipal(SES)
    granted = bucket.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["s3:PutObject"],
            principals=[sender],
            resources=[bucket.arn_for_objects(f"{prefix or ''}*")],
            conditions=_conditions(function, bucket, rule_set_name, name),
        )
    )
    if bucket.encryption_key is not None:
        bucket.encryption_key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:GenerateDataKey"],
                principals=[sender],
                resources=["*"],
                conditions=_conditions(
                    function, bucket.encryption_key, rule_set_name, name
                ),
            )
        )
    return granted.policy_dependable


def let_publish(
    function: LambdaFunction,
    topic: sns.Topic | sns.ITopic,
    name: str,
    rule_set_name: str,
) -> None:
    """Let SES use the key of a topic; a topic of one's own account needs no more."""
    if topic.master_key is not None:
        topic.master_key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[iam.ServicePrincipal(SES)],
                resources=["*"],
                conditions=_conditions(function, topic.master_key, rule_set_name, name),
            )
        )


def _conditions(
    function: LambdaFunction, store: IConstruct, rule_set_name: str, name: str
) -> dict[str, dict[str, str]]:
    # From another stack a reference to the rule set would be a cycle, since the rule
    # names the store. The rule's own name is as exact.
    same = stack_of(store) is stack_of(function)
    arn = rule_arn(function, rule_set_name if same else "*", name)
    return {
        "StringEquals": {"aws:SourceAccount": account_of(stack_of(function))},
        "ArnLike": {"aws:SourceArn": arn},
    }


def s3_action(
    bucket: s3.Bucket | s3.IBucket, prefix: str | None
) -> ses.CfnReceiptRule.ActionProperty:
    """Store the mail, as it came; the object's name is its message id."""
    return ses.CfnReceiptRule.ActionProperty(
        s3_action=ses.CfnReceiptRule.S3ActionProperty(
            bucket_name=bucket.bucket_name, object_key_prefix=prefix
        )
    )
