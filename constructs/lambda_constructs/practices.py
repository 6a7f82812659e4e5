"""The recommendations that this library warns about and leaves to you."""

from __future__ import annotations

from enum import Enum

from aws_cdk import Acknowledgment, Annotations, Validations
from constructs import IConstruct

from lambda_constructs.errors import ConfigurationError, check_scope

__all__ = ["Practice"]


class Practice(Enum):
    """A recommendation; its value is the id of the warning, which is public API.

    `cdk synth --strict` turns warnings into errors; `acknowledge` answers one.
    """

    ALB_HTTP = "lambda-constructs:alb-http"
    """What a listener of plain HTTP receives can be read and changed on the way."""

    ALB_IDLE_TIMEOUT = "lambda-constructs:alb-idle-timeout"
    """A load balancer may close the connection before a slow function answers."""

    ALEXA_REGION = "lambda-constructs:alexa-region"
    """Alexa invokes functions in a few Regions only."""

    ALEXA_TIMEOUT = "lambda-constructs:alexa-timeout"
    """After about 8 seconds nobody hears the answer."""

    API_ACCESS_LOGS = "lambda-constructs:api-access-logs"
    """Without access logs, nothing tells of requests that reached no function."""

    API_FUNCTION_TIMEOUT = "lambda-constructs:api-function-timeout"
    """A client has its error while a function with a longer timeout goes on."""

    API_INTEGRATION_TIMEOUT = "lambda-constructs:api-integration-timeout"
    """A REST API waits for more than 29 s with a raised quota only."""

    API_THROTTLING = "lambda-constructs:api-throttling"
    """Without throttling, one client may use up what the whole account has."""

    CODE_PIPELINE_RETRIES = "lambda-constructs:code-pipeline-retries"
    """A retry that begins after 20 minutes answers a job that has failed by then."""

    COGNITO_TIMEOUT = "lambda-constructs:cognito-timeout"
    """After 5 seconds Cognito asks again, beside the invocation that still runs."""

    CUSTOM_RESOURCE_TIMEOUT = "lambda-constructs:custom-resource-timeout"
    """CloudFormation rolls back while Lambda still retries to make the resource."""

    CUSTOM_RESOURCE_VPC = "lambda-constructs:custom-resource-vpc"
    """Without a way to S3, a function in a VPC cannot answer CloudFormation."""

    DEPLOYMENT_API_ALARM = "lambda-constructs:deployment-api-alarm"
    """What an API answers rolls no release back if it cannot be watched from here."""

    EDGE_VIEWER_SIZE = "lambda-constructs:edge-viewer-size"
    """More than 5 s or 128 MB at a viewer event, which every viewer waits for."""

    ESM_FILTER_QUOTA = "lambda-constructs:esm-filter-quota"
    """More than five filters need a raised quota."""

    FIREHOSE_TIMEOUT = "lambda-constructs:firehose-timeout"
    """Firehose gives a batch up after five minutes, and sends it again."""

    FUNCTION_URL_PUBLIC = "lambda-constructs:function-url-public"
    """Anybody in the world may invoke a function by a URL without authorization."""

    IMPORTED_DEAD_LETTER_QUEUE = "lambda-constructs:imported-dead-letter-queue"
    """Nothing is known of whether a service may send to an imported queue."""

    IMPORTED_KEY = "lambda-constructs:imported-key"
    """Nothing is known of whether a service may use an imported key."""

    IOT_SQL_VERSION = "lambda-constructs:iot-sql-version"
    """The beta of IoT's SQL may change under a rule."""

    KAFKA_ERROR_CONTROLS = "lambda-constructs:kafka-error-controls"
    """Retries, age, halving and partial responses come with provisioned pollers."""

    KAFKA_FAILURE_DESTINATION = "lambda-constructs:kafka-failure-destination"
    """Without a destination, a poison record blocks its partition till it expires."""

    LEX_TIMEOUT = "lambda-constructs:lex-timeout"
    """After 30 seconds a bot goes on without its code hook."""

    LOGS_FILTER_QUOTA = "lambda-constructs:logs-filter-quota"
    """More than two subscription filters of a log group need a raised quota."""

    MONITORING = "lambda-constructs:monitoring"
    """Without alarms that somebody gets, a failure is found by those it hurts."""

    MONITORING_IMPORTED_TOPIC = "lambda-constructs:monitoring-imported-topic"
    """Nothing is known of whether CloudWatch may publish to an imported topic."""

    PACKAGE_MISSING_IMPORT = "lambda-constructs:package-missing-import"
    """A handler imports what its package does not have."""

    PACKAGE_RUNTIME_CLASH = "lambda-constructs:package-runtime-clash"
    """A dependency's version does not go with the boto3 in Lambda's runtime."""

    PACKAGE_SIZE = "lambda-constructs:package-size"
    """A package above 50 MB zipped, or 1 MB at the edge, starts slowly."""

    PACKAGE_UNCHECKED = "lambda-constructs:package-unchecked"
    """The handler's syntax is newer than the Python that would check it."""

    PACKAGE_UNPINNED = "lambda-constructs:package-unpinned"
    """Another machine may install another version."""

    PACKAGE_YANKED = "lambda-constructs:package-yanked"
    """A pinned version has been withdrawn by its authors."""

    RESERVED_CONCURRENCY_ZERO = "lambda-constructs:reserved-concurrency-zero"
    """Reserved concurrency of 0 switches a function off."""

    RESOURCE_POLICY_SIZE = "lambda-constructs:resource-policy-size"
    """More permissions may not fit into the 20 KB of a function's resource policy."""

    RESPONSE_STREAM = "lambda-constructs:response-stream"
    """The Python runtime does not stream answers by itself."""

    RUNTIME_ENDS_SOON = "lambda-constructs:runtime-ends-soon"
    """A runtime that Lambda will not support for long."""

    S3_BATCH_MANIFEST_KEY = "lambda-constructs:s3-batch-manifest-key"
    """S3 Batch reads no CSV manifest that is encrypted with KMS."""

    S3_IMPORTED_BUCKET = "lambda-constructs:s3-imported-bucket"
    """Nothing is known of whether an imported bucket tells EventBridge."""

    S3_RECURSION = "lambda-constructs:s3-recursion"
    """A function that writes where its events come from may never stop."""

    SES_REGION = "lambda-constructs:ses-region"
    """SES receives mail in some Regions only."""

    SNS_DEAD_LETTER_QUEUE = "lambda-constructs:sns-dead-letter-queue"
    """A subscription without a dead-letter queue loses what it cannot deliver."""

    SQS_DEAD_LETTER_QUEUE = "lambda-constructs:sqs-dead-letter-queue"
    """A queue without a dead-letter queue retries a poison message till it expires."""

    SQS_DEAD_LETTER_RETENTION = "lambda-constructs:sqs-dead-letter-retention"
    """A message keeps its age when it moves, so the dead letters must live longer."""

    SQS_IMPORTED_QUEUE = "lambda-constructs:sqs-imported-queue"
    """Nothing is known of an imported queue's visibility timeout and dead letters."""

    SQS_MAX_CONCURRENCY = "lambda-constructs:sqs-max-concurrency"
    """Reserved concurrency alone throttles the poller and uses up receives."""

    SQS_MAX_RECEIVE_COUNT = "lambda-constructs:sqs-max-receive-count"
    """Fewer than five receives dead-letter good messages when Lambda throttles."""

    SQS_SHARED_QUEUE = "lambda-constructs:sqs-shared-queue"
    """Each message goes to one of a queue's functions, and a filter deletes others."""

    SQS_VISIBILITY_TIMEOUT = "lambda-constructs:sqs-visibility-timeout"
    """Under six function timeouts plus the window, a batch may be delivered twice."""

    STEP_FUNCTIONS_TASK_TIMEOUT = "lambda-constructs:step-functions-task-timeout"
    """A task that ends before its function may be retried beside it."""

    STREAM_FAILURE_DESTINATION = "lambda-constructs:stream-failure-destination"
    """Without a destination, what a stream gives up is gone without a word."""

    STREAM_LOOP = "lambda-constructs:stream-loop"
    """A function that writes to what it reads invokes itself, for ever."""

    STREAM_PARALLEL_WINDOW = "lambda-constructs:stream-parallel-window"
    """A tumbling window has one state per shard; parallel batches share none."""

    STREAM_READERS = "lambda-constructs:stream-readers"
    """More than two readers of a table's stream throttle each other."""

    STREAM_RECORD_AGE = "lambda-constructs:stream-record-age"
    """A record that leaves the stream before it is given up is in no failure store."""

    STREAM_RETRY_ATTEMPTS = "lambda-constructs:stream-retry-attempts"
    """Retried for ever, a poison record blocks its shard until it is too old."""

    VPC_ENDPOINT_COST = "lambda-constructs:vpc-endpoint-cost"
    """An interface endpoint is paid by the hour in each Availability Zone."""

    VPC_ENDPOINTS = "lambda-constructs:vpc-endpoints"
    """From isolated subnets, a call without an endpoint times out."""

    def warn(self, scope: IConstruct, message: str) -> None:
        """Tell at synthesis that *scope* departs from this practice."""
        Annotations.of(scope).add_warning_v2(self.value, message)

    def acknowledge(self, scope: IConstruct, *, reason: str) -> None:
        """Record why *scope* and all below it depart, which silences the warning.

        Raises:
            ConfigurationError: The reason is empty.
        """
        check_scope("acknowledge()", scope)
        if not (isinstance(reason, str) and reason.strip()):
            raise ConfigurationError(
                f"acknowledging {self.value} needs a reason, got none; "
                "say why the practice does not apply here",
                scope=scope,
            )
        Annotations.of(scope).acknowledge_warning(self.value, reason)
        rule = self.value.replace(":", "::")  # of the same name, if there is one
        Validations.of(scope).acknowledge(Acknowledgment(id=rule, reason=reason))
