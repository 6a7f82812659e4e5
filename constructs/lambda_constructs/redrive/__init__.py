"""Getting lost work back: the failure stores of a deployed stack, shown and emptied.

Needs boto3, and nothing of CDK. `lambda-constructs redrive` is this at a terminal.
"""

from __future__ import annotations

from lambda_constructs.redrive._aws import Aws
from lambda_constructs.redrive._sending import Outcome, Status
from lambda_constructs.redrive.discovery import choose, find_stores
from lambda_constructs.redrive.errors import RedriveError
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.redriving import (
    Contents,
    Options,
    count,
    look,
    measure,
    redrive,
)
from lambda_constructs.redrive.stores import Origin, Store

__all__ = [
    "Aws",
    "Contents",
    "FailedMessage",
    "Options",
    "Origin",
    "Outcome",
    "RedriveError",
    "Status",
    "Store",
    "choose",
    "count",
    "find_stores",
    "look",
    "measure",
    "redrive",
]
