"""Whose credentials these are."""

from __future__ import annotations

import os
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.errors import CommandError, UsageError


@dataclass(frozen=True)
class Identity:
    """The account and region that a deploy would go to, and as whom."""

    account: str
    region: str
    arn: str


def who_am_i() -> Identity:
    """Ask AWS whose credentials these are.

    Raises:
        UsageError: There are none, or no region.
        CommandError: AWS does not take them.
    """
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise UsageError(
                "no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY; `make deploy-local` needs none"
            )
        # The CDK CLI reads the former, boto3 does not.
        region = os.environ.get("AWS_REGION") or session.region_name
        if not region:
            raise UsageError("no AWS region; set AWS_REGION, e.g. to eu-west-1")
        caller = session.client("sts", region_name=region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"AWS does not take these credentials: {error}") from None
    return Identity(caller["Account"], region, caller["Arn"])
