"""One line of records whose order is kept: a shard, or a part of one.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._stream_batches import (
    Batch,
    count_done,
    fill,
    has_closed,
)
from lambda_constructs.testing._stream_windows import Window

if TYPE_CHECKING:
    from lambda_constructs.testing._runtime import Outcome
    from lambda_constructs.testing._stream_poller import StreamPoller
    from lambda_constructs.testing._stream_records import StreamRecord

MOMENT = 0.001
"""Less than this is no difference between two times."""


class Lane:
    """Delivers records in order; nothing overtakes what is not done or given up."""

    def __init__(self, poller: StreamPoller, shard: str) -> None:
        self.poller = poller
        self.account = poller.account
        self.clock = poller.account.clock
        self.settings = poller.settings
        self.shard = shard
        self.pending: list[StreamRecord] = []
        self.again: list[Batch] = []
        self.window: Window | None = None
        self.busy = False
        self.not_before = 0.0
        self._due = 0.0

    def advance(self) -> bool:
        """Invoke with what is next, if its time has come; tell whether it did."""
        if self.busy or self.clock.now() < self.not_before:
            return False
        if not self.again:
            batch = self._closing() or self._gathered()
            if batch is None:
                return False
            self.again.append(batch)
        if not self._discard_old(self.again[0]):
            self._invoke(self.again[0])
        return True

    # --- what is next ------------------------------------------------------

    def _gathered(self) -> Batch | None:
        """Take a batch when it is full or its window is over."""
        arrived = self._arrived()
        if not arrived:
            return None
        count = fill(arrived, self.settings)
        full = count < len(arrived) or count == self.settings.batch_size
        over = arrived[0].read + self.settings.window
        if not full and self.clock.now() < over and not self._is_over():
            self._look_again(over)
            return None
        taken, self.pending = self.pending[:count], self.pending[count:]
        return Batch(taken)

    def _arrived(self) -> list[StreamRecord]:
        """Give what is there now, and of one tumbling window only."""
        now = self.clock.now()
        # One more than a batch holds tells that it is full.
        pending = self.pending[: self.settings.batch_size + 1]
        for place, record in enumerate(pending):
            if record.arrived > now + MOMENT:  # a handler that still runs sent it
                self._look_again(record.arrived)
                return pending[:place]
            if not self.settings.tumbling:
                continue
            if self.window is None:
                length = self.settings.tumbling
                self.window = Window.around(record.arrived, length)
                self._look_again(self.window.end)
            if record.arrived >= self.window.end:
                return pending[:place]
        return pending

    def _is_over(self) -> bool:
        return self.window is not None and self.clock.now() >= self.window.end

    def _closing(self) -> Batch | None:
        """Close the tumbling window when nothing more can come into it."""
        if self.window is None:
            return None
        if self.window.early or (self._is_over() and not self._arrived()):
            return Batch([], final=True)
        return None

    # --- what becomes of it ------------------------------------------------

    def _discard_old(self, batch: Batch) -> bool:
        """Give up what is too old or no longer in the stream; tell if it is all."""
        limit = min(self.settings.max_age, self.poller.source.retention)
        oldest = self.clock.now() - limit
        if batch.final and self.window is not None:
            if self.window.end > oldest:
                return False
            self._give_up(batch, "RecordAgeExceeded")
            return True
        old = [each for each in batch.records if each.arrived <= oldest]
        batch.records = [each for each in batch.records if each.arrived > oldest]
        if old:
            given_up = Batch(old, invoked=batch.invoked, last=batch.last)
            self.poller.give_up(self, given_up, "RecordAgeExceeded")
        if not batch.records:
            self.again.remove(batch)
        return not batch.records

    def _invoke(self, batch: Batch) -> None:
        poller, function = self.poller, self.poller.function
        outcome = function.invoke(self.event(batch), poller.qualifier)
        poller.meter.count("InvokedEventCount", len(batch.records))
        if outcome.kind == "throttled":  # costs no attempt
            poller.meter.count("FailedInvokeEventCount", len(batch.records))
            self._wait(batch)
            return
        if batch.records:
            age = (self.clock.now() - batch.records[-1].arrived) * 1000
            self.account.measured.count(function, poller.qualifier, IteratorAge=age)
        batch.invoked += 1
        batch.last = function.invocations[-1]
        self.busy = True
        function.running += 1

        def finish() -> None:
            self.busy = False
            function.running -= 1
            self._finish(batch, outcome)

        self.clock.at(self.clock.now() + outcome.duration, finish)

    def _finish(self, batch: Batch, outcome: Outcome) -> None:
        if batch.final:
            if has_closed(outcome):
                self.again.remove(batch)
                self.window = None
            else:
                self._retry(batch)
            return
        done = count_done(batch, outcome, self.settings)
        self.poller.meter.count("FailedInvokeEventCount", len(batch.records) - done)
        if done and self.window is not None:
            self.window.remember(outcome.payload["state"])
        del batch.records[:done]
        if not batch.records:
            self.again.remove(batch)
        elif self.settings.bisect and (done or len(batch.records) > 1):
            self._bisect(batch, done)
        else:
            if done:
                batch.setbacks = 0
            self._retry(batch)

    def _bisect(self, batch: Batch, done: int) -> None:
        """Split where the handler said, or else in the middle."""
        if done:
            batch.setbacks = 0
            self._note("bisected", f"{done} done + {len(batch.records)}")
            self._wait(batch)
            return
        halves = batch.halves()
        self.again[:1] = halves
        sizes = " + ".join(str(len(each.records)) for each in halves)
        self._note("bisected", sizes)
        self._wait(halves[0])

    def _retry(self, batch: Batch) -> None:
        batch.retries += 1
        if 0 <= self.settings.retries < batch.retries:
            self._give_up(batch, "RetryAttemptsExhausted")
            return
        self._wait(batch)

    def _wait(self, batch: Batch) -> None:
        delay = batch.next_delay()
        self._note("retry", f"{_what(batch)} in {delay:g} s")
        self.not_before = self.clock.now() + delay
        self._look_again(self.not_before)

    def _give_up(self, batch: Batch, why: str) -> None:
        self.again.remove(batch)
        if batch.final:
            self._note("given up", f"the end of a window: {why}")
            self.window = None
            return
        self.poller.give_up(self, batch, why)

    # --- helpers -----------------------------------------------------------

    def event(self, batch: Batch) -> dict[str, Any]:
        """Give what the handler gets."""
        event: dict[str, Any] = {"Records": [each.event for each in batch.records]}
        if self.window is not None:
            arn = self.poller.source.arn
            event.update(self.window.fields(self.shard, arn, final=batch.final))
        return event

    def _look_again(self, when: float) -> None:
        if when != self._due:
            self._due = when
            self.clock.at(max(when, self.clock.now()), _nothing)

    def _note(self, what: str, detail: str) -> None:
        self.account.note(self.poller.path, what, detail)


def _what(batch: Batch) -> str:
    if batch.final:
        return "the end of a window"
    count = len(batch.records)
    return "1 record" if count == 1 else f"{count} records"


def _nothing() -> None:
    """Something else looks then."""
