"""Looking at failure stores, and sending back what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from lambda_constructs.redrive._aws import Aws, explain
from lambda_constructs.redrive._bucket import BucketSource
from lambda_constructs.redrive._journal import default_folder, open_journal
from lambda_constructs.redrive._move import Move, UnsupportedError
from lambda_constructs.redrive._queue import (
    LOOKING_SECONDS,
    SENDING_SECONDS,
    QueueSource,
)
from lambda_constructs.redrive._rate import Pace, check_rate
from lambda_constructs.redrive._reading import read
from lambda_constructs.redrive._received import Received
from lambda_constructs.redrive._sending import Outcome, Sending, Status
from lambda_constructs.redrive.errors import RedriveError
from lambda_constructs.redrive.messages import FailedMessage
from lambda_constructs.redrive.stores import Store

__all__ = ["Contents", "Options", "count", "look", "measure", "redrive"]

SAMPLE = 100
"""So many messages of a queue are looked at for the oldest."""

SYNCHRONOUS = ("dynamodb", "kafka", "kinesis")


class Source(Protocol):
    """Where the messages of a store come from."""

    def count(self) -> int:
        """Give how many there are."""

    def messages(self) -> Iterator[Received]:
        """Give every message once."""

    def hold(self, message: Received) -> None:
        """Keep it hidden from others for as long as sending it may take."""

    def delete(self, message: Received) -> None:
        """Delete it."""


@dataclass(frozen=True)
class Contents:
    """What is in a store.

    Attributes:
        count: How many messages; of a queue approximately.
        oldest: When the oldest of those failed that were looked at.
        looked_at: How many that were.
    """

    count: int
    oldest: datetime | None
    looked_at: int


@dataclass(frozen=True)
class Options:
    """What to send back, and how.

    Attributes:
        ids: The messages to send, by id or by its beginning; all, where there is none.
        rate: How many a second, at most 500.
        whole_range: Whether to send all of a stream's range, if it is more than failed.
        one_by_one: Whether to send from here what SQS could move by itself.
        journal: The folder of the journals.

    Raises:
        RedriveError: The rate is out of range.
    """

    ids: frozenset[str] = frozenset()
    rate: float | None = None
    whole_range: bool = False
    one_by_one: bool = False
    journal: Path = field(default_factory=default_folder)

    def __post_init__(self) -> None:
        check_rate(self.rate)

    def selects(self, id: str) -> bool:
        """Whether a message is to be sent."""
        return not self.ids or any(id.startswith(each) for each in self.ids)


def measure(aws: Aws, store: Store) -> Contents:
    """Give how much is in a store, and how old it is.

    Of a queue up to 100 messages are received, and put back.

    Raises:
        RedriveError: It may not be looked at.
    """
    with _errors(), _source(aws, store, LOOKING_SECONDS) as source:
        if isinstance(source, BucketSource):
            times = [at for _, at in source.objects()]
            return Contents(len(times), min(times, default=None), len(times))
        count = source.count()
        seen = list(islice(source.messages(), min(count, SAMPLE)))
        oldest = min((read(store, each).when for each in seen), default=None)
        return Contents(count, oldest, len(seen))


def count(aws: Aws, store: Store) -> int:
    """Give how much is in a store; of a queue approximately.

    Raises:
        RedriveError: It may not be looked at.
    """
    with _errors(), _source(aws, store, LOOKING_SECONDS) as source:
        return source.count()


def look(
    aws: Aws, store: Store, *, limit: int | None = None, options: Options | None = None
) -> list[FailedMessage]:
    """Give the messages of a store, those that are selected; nothing is changed.

    A queue hides them from others meanwhile, and counts that they were received.

    Raises:
        RedriveError: It may not be looked at.
    """
    chosen = options or Options()
    with _errors(), _source(aws, store, LOOKING_SECONDS) as source:
        selected = (each for each in source.messages() if chosen.selects(each.id))
        return [
            read(store, each, whole=chosen.whole_range)
            for each in islice(selected, limit)
        ]


def redrive(
    aws: Aws,
    store: Store,
    options: Options,
    *,
    report: Callable[[Outcome], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Send back what is in a store, and delete what was sent.

    Nothing is deleted before it was sent. What an earlier run had sent and not deleted
    is deleted and not sent again.

    Args:
        aws: The account.
        store: The store.
        options: What to send back, and how.
        report: Gets what became of each message.
        stop: Asked before each message whether to end here.

    Raises:
        RedriveError: It cannot go on.
    """
    with _errors(), open_journal(options.journal, store.arn) as journal:
        pace = Pace(options.rate, aws.sleep)
        sending = Sending(aws, store, journal, pace, report)
        if _is_native(store, options):
            unsettled = Options(ids=frozenset(journal.unsettled()))
            if unsettled.ids:  # SQS would send again what an interrupted run did send
                with _source(aws, store, SENDING_SECONDS) as source:
                    _one_by_one(source, store, unsettled, sending, stop)
            hidden = journal.unsettled(within=2 * SENDING_SECONDS)
            if not hidden and _move(aws, store, options, report, stop):
                return
        with _source(aws, store, SENDING_SECONDS) as source:
            _one_by_one(source, store, options, sending, stop)


def _one_by_one(
    source: Source,
    store: Store,
    options: Options,
    sending: Sending,
    stop: Callable[[], bool],
) -> None:
    for received in source.messages():
        if stop():
            return
        if options.selects(received.id):
            message = read(store, received, whole=options.whole_range)
            sending.send(source, message)


def _move(
    aws: Aws,
    store: Store,
    options: Options,
    report: Callable[[Outcome], None],
    stop: Callable[[], bool],
) -> bool:
    """Let SQS move all; tell whether there is such an operation here."""
    reported = 0

    def moved(count: int) -> None:
        nonlocal reported
        if count > reported:
            step = count - reported
            reported = count
            report(Outcome(Status.MOVED, store.name, "", "", count=step))

    rate = None if options.rate is None else int(options.rate)
    try:
        Move(aws, store).run(rate, moved, stop)
    except UnsupportedError:
        return False
    return True


def _is_native(store: Store, options: Options) -> bool:
    """SQS moves all or nothing, and no slower than one a second."""
    slow = options.rate is not None and options.rate < 1
    return store.is_of_queues and not (options.ids or options.one_by_one or slow)


def _source(
    aws: Aws, store: Store, seconds: int
) -> AbstractContextManager[QueueSource | BucketSource]:
    if store.kind == "bucket":
        return BucketSource(aws, store)
    if store.kind != "queue":
        raise RedriveError(f"{store.name} is a {store.kind}: {store.note}")
    # A function that is waited for may take 15 minutes.
    alone = any(each.kind in SYNCHRONOUS for each in store.origins)
    return QueueSource(aws, store, seconds=seconds, at_once=1 if alone else 10)


@contextmanager
def _errors() -> Iterator[None]:
    """Word what the SDK raises."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explain(error) from None
