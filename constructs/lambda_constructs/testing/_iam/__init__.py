"""Decide, as AWS does, whether a request is allowed by the policies it meets.

Nothing here calls AWS or knows of moto: policies and a request go in, a decision
comes out. A policy that AWS would reject is refused when it is parsed.
"""

from lambda_constructs.testing._iam.documents import Policy, Statement
from lambda_constructs.testing._iam.errors import PolicyError
from lambda_constructs.testing._iam.evaluation import evaluate
from lambda_constructs.testing._iam.parsing import parse
from lambda_constructs.testing._iam.request import (
    Decision,
    Principal,
    Request,
    StatementReference,
)

__all__ = [
    "Decision",
    "Policy",
    "PolicyError",
    "Principal",
    "Request",
    "Statement",
    "StatementReference",
    "evaluate",
    "parse",
]
