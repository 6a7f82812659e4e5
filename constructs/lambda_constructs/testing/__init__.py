"""The test kit: an account in the test process that proves what a stack does."""

from __future__ import annotations

from lambda_constructs.testing._http.messages import Headers, Response
from lambda_constructs.testing.account import LocalAccount
from lambda_constructs.testing.alarm import Alarm
from lambda_constructs.testing.errors import AccountError, UnmodelledError
from lambda_constructs.testing.metrics import Metric, Series
from lambda_constructs.testing.timeline import Happening, Timeline

__all__ = [
    "AccountError",
    "Alarm",
    "Happening",
    "Headers",
    "LocalAccount",
    "Metric",
    "Response",
    "Series",
    "Timeline",
    "UnmodelledError",
]
