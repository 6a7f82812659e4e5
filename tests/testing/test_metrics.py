"""What CloudWatch gets, from Lambda itself and from handlers.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import json

import pytest

from lambda_constructs.testing import AccountError, Metric

from ._templates import allow, arn_of, deny, template

BY_EVENT = """
import time
def handler(event, context):
    time.sleep(event.get("sleep", 0))
    if event.get("fail"): raise ValueError("no")
"""


@pytest.fixture
def worker(account):
    return account.deploy(template(BY_EVENT)).function("Worker")


def test_an_invocation_is_counted_with_its_outcome_and_duration(worker):
    """
    .../dg/monitoring-metrics-types.html: errors are invocations, too.
    """
    worker.invoke({"sleep": 2})
    worker.invoke({"fail": True})
    worker.invoke({"sleep": 60})

    metrics = worker.metrics
    assert [1, 1, 1] == metrics["Invocations"].values
    assert [0, 1, 1] == metrics["Errors"].values
    assert [2_000, 0, 10_000] == metrics["Duration"].values
    assert 0 == metrics["Throttles"].sum
    assert 4_000 == metrics["Duration"].average
    assert (0, 10_000) == (metrics["Duration"].minimum, metrics["Duration"].maximum)


def test_a_throttled_request_is_no_invocation(worker):
    """
    .../dg/monitoring-metrics-types.html
    """
    worker.throttle()
    worker.invoke({})

    assert 1 == worker.metrics["Throttles"].sum
    assert () == worker.metrics["Invocations"]
    assert () == worker.metrics["Errors"]


def test_the_duration_is_without_the_import(account):
    """
    .../dg/monitoring-metrics-types.html: it is what the handler takes.
    """
    code = "import time\ntime.sleep(3)\ndef handler(event, context): time.sleep(1)"
    worker = account.deploy(template(code)).function("Worker")

    worker.invoke({})

    assert [1_000] == worker.metrics["Duration"].values


def test_a_metric_has_aws_s_dimensions(account, worker):
    """
    .../dg/monitoring-metrics-view.html: over all, by function, by alias or version, and
    by the version that an alias chose.
    """
    worker.invoke({})
    worker.invoke({}, qualifier="$LATEST")
    worker.invoke({}, qualifier="1")
    alias = {"FunctionName": "worker", "Resource": "worker:live"}

    def count(**dimensions):
        return account.metrics("Invocations", dimensions=dimensions).sum

    assert 3 == account.metrics("Invocations").sum
    assert 3 == count(FunctionName="worker")
    assert 1 == count(**alias)
    assert 1 == count(**alias, ExecutedVersion="1")
    assert 1 == count(FunctionName="worker", Resource="worker")
    assert 1 == count(FunctionName="worker", Resource="worker:1")
    assert 0 == count(Resource="worker:live")
    assert 0 == count(FunctionName="worker", Resource="worker:1", ExecutedVersion="1")


def test_a_value_has_the_simulated_time(account, worker):
    """
    Of the beginning of the invocation, also if it fails later.
    """
    account.advance(90)

    worker.invoke({"sleep": 5, "fail": True})

    (error,) = worker.metrics["Errors"]
    dimensions = {"FunctionName": "worker"}
    assert Metric(90, "AWS/Lambda", "Errors", 1, "Count", dimensions) == error
    (duration,) = worker.metrics["Duration"]
    assert "Milliseconds" == duration.unit


def test_concurrent_executions_are_what_runs_at_once(account, worker):
    """
    .../dg/monitoring-metrics-types.html: look at their maximum.
    """
    for _ in range(3):
        worker.invoke_async({"sleep": 2})
    account.settle()
    worker.invoke({})

    assert [1, 2, 3, 1] == worker.metrics["ConcurrentExecutions"].values


QUEUES = {
    "Failures": {"Type": "AWS::SQS::Queue", "Properties": {}},
    "Dead": {"Type": "AWS::SQS::Queue", "Properties": {}},
}
CONFIG = {
    "Config": {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Worker"},
            "Qualifier": "live",
            "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": arn_of("Failures")}},
        },
    }
}


@pytest.fixture
def listener(account):
    what = template(
        BY_EVENT,
        allow("sqs:SendMessage"),
        more=QUEUES | CONFIG,
        DeadLetterConfig={"TargetArn": arn_of("Dead")},
    )
    return account.deploy(what).function("Worker")


def test_asynchronous_events_are_counted_and_aged(account, listener):
    """
    .../dg/monitoring-metrics-types.html: each attempt has the age since Lambda queued
    the event.
    """
    listener.invoke_async({"fail": True})
    listener.invoke_async({})
    account.settle()

    metrics = listener.metrics
    assert 2 == metrics["AsyncEventsReceived"].sum
    assert [0, 0, 60_000] == metrics["AsyncEventAge"].values
    assert 1 == metrics["AsyncEventsDropped"].sum
    assert 0 == metrics["DestinationDeliveryFailures"].sum
    assert 0 == metrics["DeadLetterErrors"].sum


def test_a_destination_that_cannot_be_reached_is_counted(account, listener):
    """
    .../dg/monitoring-metrics-types.html: for lack of a permission.
    """
    deny(account, listener, "sqs:SendMessage")

    listener.invoke_async({"fail": True})
    account.settle()

    assert 1 == listener.metrics["DestinationDeliveryFailures"].sum
    assert 1 == listener.metrics["DeadLetterErrors"].sum
    whats = [each.what for each in account.timeline]
    assert 2 == whats.count("lost")
    assert "dead-lettered" not in whats


def test_a_destination_that_is_gone_is_counted(account, listener):
    """
    .../dg/monitoring-metrics-types.html: or since the resource is not right.
    """
    sqs = account.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        sqs.delete_queue(QueueUrl=url)

    listener.invoke_async({"fail": True})
    account.settle()

    assert 1 == listener.metrics["DestinationDeliveryFailures"].sum
    assert 1 == listener.metrics["DeadLetterErrors"].sum


BATCH = """
import json
def handler(event, context):
    if "crash" in json.dumps(event): raise ValueError("no")
    return {"batchItemFailures": [
        {"itemIdentifier": each["messageId"]}
        for each in event["Records"] if "bad" in each["body"]
    ]}
"""
MAPPING = {
    "FunctionName": {"Ref": "Alias"},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MetricsConfig": {"Metrics": ["EventCount"]},
}


def with_queue(**properties):
    redrive = {"deadLetterTargetArn": arn_of("Dead"), "maxReceiveCount": 2}
    queue = {"RedrivePolicy": redrive}
    given = {**MAPPING, "EventSourceArn": arn_of("Queue"), **properties}
    return template(
        BATCH,
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
        more={
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": given},
        },
    )


def counts(worker):
    names = ("Polled", "FilteredOut", "Invoked", "FailedInvoke", "Deleted", "Dropped")
    return [worker.metrics[f"{name}EventCount"].sum for name in names]


def test_a_mapping_of_a_queue_counts_its_events(account):
    """
    .../dg/monitoring-metrics-types.html: a message that fails is polled, and invokes,
    again.
    """
    filters = {"Filters": [{"Pattern": json.dumps({"body": {"id": [1, 2, 3]}})}]}
    shop = account.deploy(with_queue(FilterCriteria=filters))
    worker = shop.function("Worker")

    shop.queue("Queue").send({"id": 1}, {"id": 2, "bad": True}, {"id": 9})
    account.settle()

    # One filtered, one done, one tried twice and then moved by the queue.
    assert [4, 1, 3, 2, 1, 0] == counts(worker)
    (uuid,) = {
        each.dimensions["EventSourceMappingUUID"]
        for each in worker.metrics["PolledEventCount"]
    }
    assert shop.physical_id("Mapping") == uuid
    polled = account.metrics(
        "PolledEventCount", dimensions={"EventSourceMappingUUID": uuid}
    )
    assert 4 == polled.sum


def test_a_throttled_batch_fails_to_invoke(account):
    """
    .../dg/monitoring-metrics-types.html
    """
    shop = account.deploy(with_queue())
    worker = shop.function("Worker")
    worker.throttle()

    shop.queue("Queue").send("a", "b")
    account.settle()

    assert [4, 0, 4, 2, 2, 0] == counts(worker)


@pytest.mark.parametrize("metrics", [{}, {"MetricsConfig": {"Metrics": []}}])
def test_a_mapping_counts_nothing_unless_it_is_asked_to(account, metrics):
    """
    .../dg/monitoring-metrics-types.html: MetricsConfig.
    """
    what = with_queue()
    properties = what["Resources"]["Mapping"]["Properties"]
    del properties["MetricsConfig"]
    properties.update(metrics)
    shop = account.deploy(what)

    shop.queue("Queue").send("a")
    account.settle()

    assert [0] * 6 == counts(shop.function("Worker"))
    assert 1 == shop.function("Worker").metrics["Invocations"].sum


READ = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
]


@pytest.fixture
def clicks(account):
    properties = {
        **MAPPING,
        "EventSourceArn": arn_of("Stream"),
        "StartingPosition": "LATEST",
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": arn_of("Dead")}},
    }
    del properties["FunctionResponseTypes"]
    what = template(
        "import json\ndef handler(event, context):\n"
        "    if event['Records'][0]['kinesis']['data'] == 'YmFk': raise ValueError",
        allow([*READ, "sqs:SendMessage"]),
        more={
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Map": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": properties,
            },
        },
    )
    return account.deploy(what)


def put(account, shop, data):
    account.client("kinesis").put_record(
        StreamName=shop.physical_id("Stream"), Data=data, PartitionKey="k"
    )


def test_a_mapping_of_a_stream_counts_what_it_drops(account, clicks):
    """
    .../dg/monitoring-metrics-types.html: and what reached the destination.
    """
    put(account, clicks, b"good")
    account.settle()
    put(account, clicks, b"bad")
    account.settle()

    worker = clicks.function("Worker")
    assert [2, 0, 3, 2, 0, 1] == counts(worker)
    assert 1 == worker.metrics["OnFailureDestinationDeliveredEventCount"].sum
    assert 0 == worker.metrics["DestinationDeliveryFailures"].sum


def test_the_iterator_age_is_that_of_the_last_record(account, clicks):
    """
    .../dg/monitoring-metrics-types.html: since the stream took it; a retry is later.
    """
    put(account, clicks, b"bad")
    account.settle()

    assert [0, 1_000] == [
        round(each, -1)
        for each in clicks.function("Worker").metrics["IteratorAge"].values
    ]


def test_a_record_that_is_lost_is_counted(account, clicks):
    """
    .../dg/monitoring-metrics-types.html: DestinationDeliveryFailures, for streams too.
    """
    worker = clicks.function("Worker")
    deny(account, worker, "sqs:SendMessage")

    put(account, clicks, b"bad")
    account.settle()

    assert 1 == worker.metrics["DestinationDeliveryFailures"].sum
    assert 0 == worker.metrics["OnFailureDestinationDeliveredEventCount"].sum


PUT = """
import boto3
def handler(event, context):
    boto3.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[event])
"""


@pytest.mark.parametrize(
    ("datum", "values"),
    [
        ({"Value": 3}, [3]),
        ({"Values": [1, 2], "Counts": [1, 2]}, [1, 2, 2]),
        ({"Values": [1, 2]}, [1, 2]),
        (
            {
                "StatisticValues": {
                    "SampleCount": 4,
                    "Sum": 20,
                    "Minimum": 1,
                    "Maximum": 9,
                }
            },
            [1, 9, 5, 5],
        ),
        (
            {
                "StatisticValues": {
                    "SampleCount": 1,
                    "Sum": 7,
                    "Minimum": 7,
                    "Maximum": 7,
                }
            },
            [7],
        ),
    ],
)
def test_what_a_handler_puts_is_kept(account, datum, values):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    """
    what = template(PUT, allow("cloudwatch:PutMetricData"))
    worker = account.deploy(what).function("Worker")
    dimensions = [{"Name": "Service", "Value": "orders"}]

    worker.invoke({"MetricName": "Orders", "Dimensions": dimensions, **datum})

    found = account.metrics(
        "Orders", namespace="Shop", dimensions={"Service": "orders"}
    )
    assert values == found.values
    assert () == account.metrics("Orders", namespace="Shop")


def test_what_a_handler_may_not_put_is_not_kept(account):
    """
    Its role decides, as for any call.
    """
    worker = account.deploy(template(PUT)).function("Worker")

    assert worker.invoke({"MetricName": "Orders", "Value": 1}).failed
    assert () == account.metrics("Orders", namespace="Shop")


EMBEDDED = {
    "_aws": {
        "Timestamp": 1767225605000,
        "CloudWatchMetrics": [
            {
                "Namespace": "Shop",
                "Dimensions": [["Service"], ["Service", "Stage"]],
                "Metrics": [{"Name": "Orders", "Unit": "Count"}, {"Name": "Sizes"}],
            }
        ],
    },
    "Service": "orders",
    "Stage": "test",
    "Orders": 2,
    "Sizes": [1, 5],
}
LOGGING = "import json\ndef handler(event, context): print(json.dumps(event))"


def test_a_log_line_in_the_embedded_format_is_a_metric(account):
    """
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    worker = account.deploy(template(LOGGING)).function("Worker")

    worker.invoke(EMBEDDED)

    def found(name, **dimensions):
        return account.metrics(name, namespace="Shop", dimensions=dimensions)

    (orders,) = found("Orders", Service="orders")
    assert (5, 2, "Count") == (orders.at, orders.value, orders.unit)
    assert 2 == found("Orders", Service="orders", Stage="test").sum
    assert [1, 5] == found("Sizes", Service="orders").values
    assert () == found("Orders")


@pytest.mark.parametrize(
    "broken",
    [
        {"Orders": "many"},
        {"_aws": {"CloudWatchMetrics": 1}},
        {"_aws": 1},
        {"Service": None, "_aws": {**EMBEDDED["_aws"], "Timestamp": "now"}},
    ],
)
def test_a_line_that_is_not_in_that_format_is_only_a_log(account, broken):
    """
    The same page: what is malformed is kept as a log event.
    """
    worker = account.deploy(template(LOGGING)).function("Worker")

    worker.invoke({**EMBEDDED, **broken})

    assert 1 == len(worker.logs)
    assert () == account.metrics(
        "Orders", namespace="Shop", dimensions={"Service": "orders"}
    )


def test_what_does_not_reach_the_logs_is_no_metric(account):
    """
    CloudWatch takes it out of the log group.
    """
    worker = account.deploy(template(LOGGING)).function("Worker")
    deny(account, worker, "logs:PutLogEvents")

    worker.invoke(EMBEDDED)

    assert () == account.metrics(
        "Orders", namespace="Shop", dimensions={"Service": "orders"}
    )


def test_fails_if_lambda_has_no_such_metric(account, worker):
    """
    The message has the nearest.
    """
    with pytest.raises(AccountError, match=r"did you mean Errors\\?"):
        worker.metrics["Error"]
    with pytest.raises(AccountError, match="no metric of Lambda"):
        account.metrics("Orders")
