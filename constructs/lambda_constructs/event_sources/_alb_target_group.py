"""The name of a load balancer's target group."""

from __future__ import annotations

import hashlib
import re

from aws_cdk import Fn

from lambda_constructs import limits
from lambda_constructs._known import node_of, path_of, stack_of
from lambda_constructs.function import LambdaFunction

DIGITS = 8


def target_group_name(function: LambdaFunction, id: str) -> str:
    """Name a target group of *function* as no other of the account is named.

    The path tells it from others of its stack, and what CloudFormation calls this very
    stack from those of the same template that is deployed once more.
    """
    path = f"{path_of(function)}/{id}".encode()
    digits = hashlib.sha256(path).hexdigest()[:DIGITS]
    uuid = Fn.select(2, Fn.split("/", stack_of(function).stack_id))
    ours = Fn.select(0, Fn.split("-", uuid))
    room = limits.TARGET_GROUP_NAME_CHARACTERS - 2 * (DIGITS + 1)
    shown = re.sub("[^A-Za-z0-9]+", "-", node_of(function).id)[:room].strip("-")
    return "-".join([each for each in (shown, digits) if each] + [ours])
