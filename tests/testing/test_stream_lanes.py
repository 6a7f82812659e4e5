"""Batches of one shard at once, and windows that remember.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

from __future__ import annotations

import pytest

from ._streams import batches, lines, stream_stack, table_stack, times

SUM = """
import base64, json
def handler(event, context):
    state = event["state"]
    for record in event["Records"]:
        number = json.loads(base64.b64decode(record["kinesis"]["data"]))
        state["sum"] = state.get("sum", 0) + number
        if number == 13:
            raise RuntimeError("unlucky")
    return {"state": state}
"""


def windows(shop) -> list[tuple[int, bool, dict]]:
    """Give how many records each invocation got, whether it was final, its state."""
    return [
        (
            len(each.event["Records"]),
            each.event["isFinalInvokeForWindow"],
            each.event["state"],
        )
        for each in shop.function("Worker").invocations
    ]


def test_a_factor_runs_batches_of_one_shard_at_once(account):
    """
    Records of one key still wait for each other.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack(ParallelizationFactor=10, BatchSize=1))

    for key in ("red", "green", "blue"):  # which share no lane of ten
        shop.stream("Stream").put(4, 1, partition_key=key)
    account.settle()

    assert [0, 0, 0, 4, 4, 4] == times(shop)
    assert [[4]] * 3 + [[1]] * 3 == batches(shop)


def test_a_failure_blocks_its_own_keys_only(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(
        stream_stack(ParallelizationFactor=10, BatchSize=1, MaximumRetryAttempts=1)
    )

    shop.stream("Stream").put("crash", "after", partition_key="red")
    shop.stream("Stream").put("other", partition_key="blue")
    account.settle()

    assert ["crash", "other"] == sorted(each for (each,) in batches(shop)[:2])
    assert [["crash"], ["after"]] == batches(shop)[2:]


def test_no_more_batches_run_at_once_than_the_factor(account):
    """
    However many keys there are.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    shop = account.deploy(stream_stack(ParallelizationFactor=2, BatchSize=1))

    for key in range(8):
        shop.stream("Stream").put(1, partition_key=str(key))
    account.settle()

    starts = times(shop)
    assert all(starts.count(each) <= 2 for each in starts)
    assert 2 == starts.count(0)


def test_one_batch_runs_at_once_where_the_mapping_says_nothing(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    shop = account.deploy(stream_stack(BatchSize=1))

    for key in ("red", "green", "blue"):
        shop.stream("Stream").put(1, partition_key=key)
    account.settle()

    assert [0, 1, 2] == times(shop)


def test_changes_of_one_item_wait_for_each_other(account):
    """
    Of two items, the factor lets both go on.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    code = "import time\ndef handler(event, context):\n    time.sleep(2)"
    shop = account.deploy(table_stack(code, ParallelizationFactor=10, BatchSize=1))

    for number in (1, 2):
        for item in ("red", "green"):  # which share no lane of ten
            shop.table("Table").put({"id": item, "n": number})
    account.settle()

    assert [0, 0, 2, 2] == times(shop)


def test_a_late_batch_is_cut_at_the_end_of_its_window(account):
    """
    Records belong to a window by their own time, not by that of the invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    shop = account.deploy(stream_stack(SUM, TumblingWindowInSeconds=60))
    shop.function("Worker").throttle(times=7)

    shop.stream("Stream").put(1)
    account.advance(70)
    shop.stream("Stream").put(2)
    account.settle()

    served = [each for each in windows(shop)[7:] if each[0]]
    assert [(1, False, {}), (1, False, {})] == served


def test_a_batching_window_ends_with_the_tumbling_one(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    stack = stream_stack(
        SUM, TumblingWindowInSeconds=60, MaximumBatchingWindowInSeconds=40
    )
    shop = account.deploy(stack)
    account.advance(50)

    shop.stream("Stream").put(1)
    account.settle()

    assert [60, 60] == times(shop)


def test_a_window_passes_its_state_on_and_closes(account):
    """
    Each batch gets what the one before returned; the last call has no records.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    shop = account.deploy(stream_stack(SUM, TumblingWindowInSeconds=60, BatchSize=2))

    shop.stream("Stream").put(1, 2, 3)
    account.advance(70)
    shop.stream("Stream").put(4)
    account.settle()

    assert [
        (2, False, {}),
        (1, False, {"sum": 3}),
        (0, True, {"sum": 6}),
        (1, False, {}),
        (0, True, {"sum": 4}),
    ] == windows(shop)
    assert [0, 0, 60, 70, 120] == times(shop)


def test_the_event_of_a_window_has_the_documented_shape(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    shop = account.deploy(stream_stack(SUM, TumblingWindowInSeconds=120))

    account.advance(130)
    shop.stream("Stream").put(1)
    account.advance(0)

    (invocation,) = shop.function("Worker").invocations
    event = dict(invocation.event)
    (record,) = event.pop("Records")
    assert {
        "window": {"start": "2026-01-01T00:02:00Z", "end": "2026-01-01T00:04:00Z"},
        "state": {},
        "shardId": "shardId-000000000000",
        "eventSourceARN": record["eventSourceARN"],
        "isFinalInvokeForWindow": False,
        "isWindowTerminatedEarly": False,
    } == event


@pytest.mark.parametrize("response", ["None", "{}", '{"stat": {}}', '{"state": 1}'])
def test_a_response_without_state_is_a_failure(account, response):
    """
    It is retried by the usual rules.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    code = f"def handler(event, context):\n    return {response}"
    shop = account.deploy(
        stream_stack(code, TumblingWindowInSeconds=30, MaximumRetryAttempts=1)
    )

    shop.stream("Stream").put(1)
    account.advance(29)

    assert 2 == len(windows(shop))
    assert ["given up 1 record, 1: RetryAttemptsExhausted"] == lines(
        account, "given up"
    )


def test_a_batch_that_is_given_up_leaves_the_state_as_it_was(account):
    """
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    shop = account.deploy(
        stream_stack(
            SUM,
            failures="sqs",
            TumblingWindowInSeconds=60,
            BatchSize=1,
            MaximumRetryAttempts=1,
        )
    )

    shop.stream("Stream").put(1, 13, 2)
    account.settle()

    assert [
        (1, False, {}),
        (1, False, {"sum": 1}),
        (1, False, {"sum": 1}),
        (1, False, {"sum": 1}),
        (0, True, {"sum": 3}),
    ] == windows(shop)
    assert 1 == len(shop.queue("Failures"))


def test_the_end_of_a_window_is_retried_before_anything_follows(account):
    """
    Nothing further is processed until it succeeds.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    shop = account.deploy(stream_stack(SUM, TumblingWindowInSeconds=60))

    shop.stream("Stream").put(1)
    account.advance(59)
    shop.function("Worker").fail(times=2)
    account.advance(1)
    shop.stream("Stream").put(2)
    account.settle()

    finals = [final for _, final, _ in windows(shop)]
    assert [False, True, True, True, False, True] == finals
    assert [0, 60, 61, 63, 63, 120] == times(shop)


def test_too_much_state_ends_a_window_early(account):
    """
    1 MB is the limit; what comes then begins with nothing.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    code = """
def handler(event, context):
    return {"state": {"much": "x" * 1_048_576}}
"""
    shop = account.deploy(stream_stack(code, TumblingWindowInSeconds=60, BatchSize=1))

    shop.stream("Stream").put(1, 2)
    account.advance(0)

    assert [(1, False), (0, True), (1, False), (0, True)] == [
        (count, final) for count, final, _ in windows(shop)
    ]
    early = [
        each.event["isWindowTerminatedEarly"]
        for each in shop.function("Worker").invocations
    ]
    assert [False, True, False, True] == early
    assert {} == windows(shop)[2][2]
