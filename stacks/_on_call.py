"""Whom the alarms of a stack tell."""

from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks._keys import customer_key


def on_call(scope: Construct) -> sns.Topic:
    """Make the topic to which whoever is on call subscribes.

    One for each stack, so that each can be read and deployed alone. An app of your own
    has one, `Monitoring(topic=topic).apply_to(app)`, and one key, which costs a dollar
    a month.
    """
    key = customer_key(scope, "OnCallKey")
    return sns.Topic(scope, "OnCall", enforce_ssl=True, master_key=key)
