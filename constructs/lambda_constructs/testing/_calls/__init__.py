"""What one AWS API call has to be allowed to do, and how it is refused.

`needs` translates a call into IAM requests; `install` asks about every call that
boto3 makes before it is sent. The services are flat modules here, each with its
`OPERATIONS`; `model.Request` is what they are given.
"""

from __future__ import annotations

from lambda_constructs.testing._calls.denial import (
    Denial,
    Reason,
    ServiceFault,
    UnknownCaller,
)
from lambda_constructs.testing._calls.hook import install
from lambda_constructs.testing._calls.lookup import AccountLookup
from lambda_constructs.testing._calls.model import (
    Lookup,
    Need,
    UnmappedOperationError,
)
from lambda_constructs.testing._calls.registry import (
    needs,
    needs_when_missing,
    operations,
)
from lambda_constructs.testing._calls.watch import Authorise, Call

__all__ = [
    "AccountLookup",
    "Authorise",
    "Call",
    "Denial",
    "Lookup",
    "Need",
    "Reason",
    "ServiceFault",
    "UnknownCaller",
    "UnmappedOperationError",
    "install",
    "needs",
    "needs_when_missing",
    "operations",
]
