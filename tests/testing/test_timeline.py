"""What happened, in lines that a person can read."""

from __future__ import annotations

from lambda_constructs.testing.timeline import Happening, Timeline

from ._templates import template


def test_its_columns_are_aligned():
    """
    Time, place, what and the rest, one line each.
    """
    timeline = Timeline(
        [
            Happening(0, "Orders/Queue", "sent", "1 message"),
            Happening(0.25, "Worker", "dead-lettered"),
            Happening(86_400, "Worker", "retry", "in 60 s"),
        ]
    )

    assert [
        "     0.000 s  Orders/Queue  sent           1 message",
        "     0.250 s  Worker        dead-lettered",
        " 86400.000 s  Worker        retry          in 60 s",
    ] == str(timeline).splitlines()


def test_it_says_that_nothing_happened():
    """
    Rather than print nothing.
    """
    assert "nothing happened" == str(Timeline())


def test_it_has_the_attempts_of_an_event_with_their_times(account):
    """
    Outcome and delay, in order.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    code = "def handler(event, context): raise ValueError('no')"
    worker = account.deploy(template(code)).function("Worker")
    before = len(account.timeline)

    worker.invoke_async({})
    account.settle()

    story = [(each.at, each.what) for each in account.timeline[before:]]
    invoked = [at for at, what in story if what == "invoked"]
    assert [0, 60, 180] == invoked
    assert story == sorted(story, key=lambda each: each[0])
