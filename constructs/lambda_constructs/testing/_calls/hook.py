"""Asks about every API call before botocore sends it.

The seam is `BaseClient._make_api_call`, which clients, resources, paginators,
waiters and transfers all go through; instrumentation libraries hook there, too.
Each client that calls is given two event handlers: one sees the parameters when
all customisations have run (`before-parameter-build`, last), one may answer in the
service's stead (`before-call`), which skips sending and retrying but not the
construction of the exception. Presigned URLs are calls of whoever uses them.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock

from botocore.client import BaseClient

from lambda_constructs.testing._calls.watch import Authorise, Watch

_SEAM = "_make_api_call"


@contextmanager
def install(
    authorise: Authorise, *, missing: Authorise | None = None
) -> Iterator[None]:
    """Ask about every call of every client in this process, until the block ends.

    Args:
        authorise: Refuses a call, or returns `None` to let it pass.
        missing: Asked when the service says that a thing does not exist; refusing
            then hides that fact, as S3 does from whoever may not list the bucket.
    """
    original = getattr(BaseClient, _SEAM)
    watches: weakref.WeakKeyDictionary[BaseClient, Watch] = weakref.WeakKeyDictionary()
    lock, numbers = Lock(), count(1)

    def make_api_call(client: BaseClient, operation: str, params: object) -> object:
        if client not in watches:
            with lock:
                if client not in watches:
                    watches[client] = Watch(client, authorise, missing, numbers)
        return original(client, operation, params)

    setattr(BaseClient, _SEAM, make_api_call)
    try:
        yield
    finally:
        setattr(BaseClient, _SEAM, original)
        for watch in list(watches.values()):
            watch.detach()
