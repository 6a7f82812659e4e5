"""The test kit: an account in the test process that proves what a stack does."""

from __future__ import annotations

from lambda_constructs.testing._http.messages import Headers, Response
from lambda_constructs.testing.account import LocalAccount
from lambda_constructs.testing.alarm import Alarm
from lambda_constructs.testing.errors import AccountError, UnmodelledError
from lambda_constructs.testing.metrics import Metric, Series
from lambda_constructs.testing.proof import Attack, Grant, PermissionReport
from lambda_constructs.testing.timeline import Happening, Timeline

__all__ = [
    "AccountError",
    "Alarm",
    "Attack",
    "Grant",
    "Happening",
    "Headers",
    "LocalAccount",
    "Metric",
    "PermissionReport",
    "Response",
    "Series",
    "Timeline",
    "UnmodelledError",
]
