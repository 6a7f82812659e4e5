"""Whom the alarms of a stack tell."""

from typing import cast

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


def on_call(scope: Construct) -> sns.Topic:
    """Make the topic to which whoever is on call subscribes.

    One for each stack, so that each can be read and deployed alone. An app of your own
    has one, `Monitoring(topic=topic).apply_to(app)`, and one key, which costs a dollar
    a month.
    """
    key = kms.Key(scope, "OnCallKey", enable_key_rotation=True)
    return sns.Topic(
        scope,
        "OnCall",
        enforce_ssl=True,
        master_key=cast("kms.IKey", key),  # CDK's stubs disagree on a parameter
    )
