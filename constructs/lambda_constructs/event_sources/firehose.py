"""Amazon Data Firehose: a delivery stream invokes, to transform what it delivers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from aws_cdk import Duration, Size

from lambda_constructs import limits
from lambda_constructs._known import node_of
from lambda_constructs._signals import sustained
from lambda_constructs.errors import (
    ConfigurationError,
    check_duration,
    check_fields,
    check_range,
    check_type,
    check_whole,
    literal,
    seconds,
)
from lambda_constructs.event_sources._firehose_transformation import (
    FirehoseTransformation,
    delivery_stream_name,
    megabytes,
)
from lambda_constructs.event_sources._push import source_id
from lambda_constructs.event_sources._relations import check_tenants
from lambda_constructs.function import LambdaFunction
from lambda_constructs.practices import Practice
from lambda_constructs.signals import Signal

__all__ = ["FirehoseEventSource"]


@dataclass(frozen=True)
class FirehoseEventSource:
    """Transform the records of a delivery stream before they are delivered.

    What is bound is a processor for CDK's destinations, and the role of the stream:

        transformation = worker.add_event_source(FirehoseEventSource())
        transformation.deliver_to(lake, log_group=errors)
        firehose.S3Bucket(
            lake, processors=[transformation], role=transformation.role
        )

    The handler returns each `recordId` once, as `Ok` with its *data*, as `Dropped`, or
    as `ProcessingFailed`. What failed, by this or since an id is missing, and each
    batch that was retried in vain, ends below `processing-failed/` of the bucket, in
    JSON with the record as it came, and is never tried again. Request and response are
    6 MB at most, base64 included: a response that is larger fails the whole batch.

    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html

    Attributes:
        buffer_interval: How long to gather a batch, up to 15 minutes; Firehose takes
            it, and *buffer_size*, as a hint.
        buffer_size: How much to gather at most, 0.2 to 3 MiB. Keep it small where the
            records grow.
        id: The id of the construct, a child of the function.
        retries: How often to try again after a timeout, a throttle or an error; 0 for
            never.

    Raises:
        ConfigurationError: A value is out of range.
    """

    _: KW_ONLY
    buffer_interval: Duration | None = None
    buffer_size: Size | None = None
    id: str = "Firehose"
    retries: int = 3

    def __post_init__(self) -> None:
        check_fields(self)
        check_duration("buffer_interval", self.buffer_interval)
        held = isinstance(self.buffer_size, Size)
        check_type(
            "buffer_size", self.buffer_size, "a Size, as Size.mebibytes(1)", holds=held
        )
        check_whole("retries", self.retries)
        check_range(
            "buffer_interval",
            seconds(self.buffer_interval),
            *limits.FIREHOSE_BUFFER_SECONDS,
            unit="s",
        )
        size = None if self.buffer_size is None else megabytes(self.buffer_size)
        check_range("buffer_size", size, *limits.FIREHOSE_BUFFER_MB, unit="MiB")
        if (literal(self.retries) or 0) < 0:
            raise ConfigurationError(
                f"retries must not be negative, got {self.retries}; pass 0 for none"
            )

    def bind(self, function: LambdaFunction, /) -> FirehoseTransformation:
        """Give the processor that invokes *function*, and the role that it needs.

        Raises:
            ConfigurationError: Another part of the function has its id, or the
                function keeps tenants apart.
        """
        id = source_id(function, self.id)
        check_tenants(function)
        longest = seconds(function.timeout)
        if longest is not None and longest > limits.FIREHOSE_TIMEOUT_SECONDS:
            Practice.FIREHOSE_TIMEOUT.warn(
                function,
                f"timeout is {longest:g} s, but Firehose waits "
                f"{limits.FIREHOSE_TIMEOUT_SECONDS} s for a batch and then sends it "
                "again, while the function still works; lower it",
            )
        return FirehoseTransformation(
            function,
            id,
            buffer_interval=self.buffer_interval,
            buffer_size=self.buffer_size,
            retries=self.retries,
        )

    def signals(
        self, _function: LambdaFunction, bound: FirehoseTransformation, /
    ) -> list[Signal]:
        """Tell whether processing succeeds, for each stream that has the processor.

        https://docs.aws.amazon.com/firehose/latest/dev/cloudwatch-metrics.html
        """
        return [
            Signal(
                name="ExecuteProcessing.Success",
                of=node_of(each).id,
                namespace="AWS/Firehose",
                metric_name="ExecuteProcessing.Success",
                dimensions={"DeliveryStreamName": delivery_stream_name(each)},
                statistic="Average",
                unit="rate",
                limit=sustained(0.95, "<"),
                meaning=f"{node_of(each).id} cannot have its records processed: they "
                "end in processing-failed/ of its bucket, as they came.",
            )
            for each in bound.streams
        ]
