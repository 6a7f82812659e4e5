"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisfirehose.html."""

from __future__ import annotations

from lambda_constructs.testing._calls.model import Rule
from lambda_constructs.testing._calls.rules import anywhere, at, same_name

stream = at("firehose", "deliverystream/{}", "DeliveryStreamName")

OPERATIONS: dict[str, Rule] = {
    **same_name(
        "firehose",
        stream,
        "DeleteDeliveryStream",
        "DescribeDeliveryStream",
        "ListTagsForDeliveryStream",
        "PutRecord",
        "PutRecordBatch",
        "TagDeliveryStream",
        "UntagDeliveryStream",
    ),
    **same_name("firehose", anywhere, "ListDeliveryStreams"),
}
