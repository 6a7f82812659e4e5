"""Every limit of the service that is checked at synthesis, once, with its source.

Each constant names its page below docs.aws.amazon.com/lambda/latest/; `api/` pages
are the API reference, `dg/` pages the developer guide.
"""

from __future__ import annotations

import re

# --- function ---------------------------------------------------------------

TIMEOUT_SECONDS = (1, 900)
"""dg/gettingstarted-limits.html: 15 minutes."""

MEMORY_MB = (128, 10_240)
"""dg/gettingstarted-limits.html."""

EPHEMERAL_STORAGE_MB = (512, 10_240)
"""dg/gettingstarted-limits.html: /tmp, in 1 MB steps."""

ENVIRONMENT_BYTES = 4_096
"""dg/gettingstarted-limits.html: all names and values together, UTF-8."""

ENVIRONMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
"""api/API_Environment.html: two characters at least."""

RESERVED_ENVIRONMENT_NAMES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""dg/configuration-envvars.html: set by Lambda itself."""

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
"""api/API_CreateFunction.html."""

DESCRIPTION_CHARACTERS = 256
"""api/API_CreateFunction.html."""

HANDLER = re.compile(r"[^\s]{1,128}")
"""api/API_CreateFunction.html."""

LAYERS = 5
"""dg/gettingstarted-limits.html."""

INLINE_CODE_CHARACTERS = 4_096
"""CloudFormation's AWS::Lambda::Function Code.ZipFile."""

SUBNETS = 16
SECURITY_GROUPS = 5
"""api/API_VpcConfig.html."""

SNAP_START_EPHEMERAL_STORAGE_MB = 512
"""dg/snapstart.html: no more than the default."""

REGIONS_WITHOUT_SNAP_START = frozenset({"ap-east-2", "ap-southeast-6"})
"""dg/snapstart.html: Taipei and New Zealand, in October 2026."""

IMAGE_CONFIG_BYTES = 16_384
IMAGE_CONFIG_ENTRIES = 1_500
IMAGE_WORKING_DIRECTORY_CHARACTERS = 1_000
"""dg/gettingstarted-limits.html, api/API_ImageConfig.html: of either list."""

LOCAL_MOUNT_PATH = re.compile(r"/mnt/[a-zA-Z0-9-_.]+")
LOCAL_MOUNT_PATH_CHARACTERS = 160
"""api/API_FileSystemConfig.html."""

DURABLE_EXECUTION_SECONDS = (1, 31_622_400)
DURABLE_RETENTION_DAYS = (1, 90)
"""api/API_DurableConfig.html: 366 days, and 90 days of history."""

RESOURCE_POLICY_STATEMENTS = 50
"""dg/gettingstarted-limits.html: 20 KB, and a statement takes some 400 bytes."""

# --- asynchronous invocation ------------------------------------------------

ASYNC_RETRY_ATTEMPTS = (0, 2)
ASYNC_EVENT_AGE_SECONDS = (60, 21_600)
"""api/API_PutFunctionEventInvokeConfig.html."""

ASYNC_RETRY_PAUSES_SECONDS = (60, 120)
"""dg/invocation-async-error-handling.html: before the first and the second retry."""

# --- concurrency ------------------------------------------------------------

ACCOUNT_CONCURRENCY = 1_000
UNRESERVED_CONCURRENCY = 100
"""dg/gettingstarted-limits.html, dg/configuration-concurrency.html: of a Region, less
for new accounts and more on request; so much of it cannot be reserved."""

PROVISIONED_CONCURRENCY_LEAST = 1
"""api/API_PutProvisionedConcurrencyConfig.html; scaling may go down to 0."""

UTILIZATION_TARGET = (0.1, 0.9)
"""dg/provisioned-concurrency.html has 0.7; CDK refuses what is outside."""

# --- releases ---------------------------------------------------------------
# Pages below docs.aws.amazon.com/codedeploy/latest/userguide/.

SHIFT_PERCENTAGE = (1, 99)
SHIFT_MINUTES = 2_880
"""limits.html: in one increment; from the first to the last."""

DEPLOYMENT_ALARMS = 10
"""monitoring-create-alarms.html: of a deployment group."""

ALARM_METRICS = 10
"""AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html: of an alarm."""

VERSION = re.compile(r"[1-9][0-9]*")
"""dg/configuration-versions.html: what an alias may stand for besides $LATEST."""

# --- Lambda@Edge ------------------------------------------------------------
# Pages below docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/.

EDGE_TIMEOUT_SECONDS = (1, 30)
"""cloudfront-limits.html#limits-lambda-at-edge: of all four events."""

EDGE_VIEWER_TIMEOUT_SECONDS = 5
EDGE_VIEWER_MEMORY_MB = 128
"""The same page until 2026, for viewer requests and responses."""

# --- event source mappings --------------------------------------------------

BATCHING_WINDOW_SECONDS = (0, 300)
"""api/API_CreateEventSourceMapping.html."""

FILTERS = 10
FILTERS_WITHOUT_QUOTA_INCREASE = 5
"""dg/invocation-eventfiltering.html: five, ten on request."""

FILTER_PATTERN_CHARACTERS = 4_096
"""api/API_Filter.html."""

SQS_BATCH_SIZE = (1, 10_000)
SQS_BATCH_SIZE_WITHOUT_WINDOW = 10
SQS_FIFO_BATCH_SIZE = (1, 10)
"""api/API_CreateEventSourceMapping.html: above 10 a window of at least 1 s."""

SQS_MAX_CONCURRENCY = (2, 1_000)
"""api/API_ScalingConfig.html."""

SQS_MINIMUM_POLLERS = (2, 200)
SQS_MAXIMUM_POLLERS = (2, 10_000)
"""api/API_ProvisionedPollerConfig.html; CDK still stops at 2,000."""

KAFKA_BATCH_SIZE = (1, 10_000)
KAFKA_RECORD_AGE_SECONDS = (60, 604_800)
KAFKA_RETRY_ATTEMPTS = (-1, 10_000)
KAFKA_QUEUE_RETRY_ATTEMPTS = (0, 10_000)
"""api/API_CreateEventSourceMapping.html; -1 is for ever, which Queue mode has not."""

KAFKA_MINIMUM_POLLERS = (1, 200)
KAFKA_MAXIMUM_POLLERS = (1, 2_000)
KAFKA_POLLER_GROUP_NAME = re.compile(r"[a-zA-Z0-9-_]{0,128}")
"""api/API_ProvisionedPollerConfig.html."""

KAFKA_TOPIC = re.compile(r"(?=.{2,249}$)[^.][a-zA-Z0-9\-_.]+")
KAFKA_CONSUMER_GROUP_ID = re.compile(r"[ a-zA-Z0-9\-/*:_+=.@]{1,200}")
KAFKA_BOOTSTRAP_SERVERS = (1, 10)
KAFKA_BOOTSTRAP_SERVER = re.compile(
    r"(?=.{1,300}$)(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])\.)*"
    r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\-]*[A-Za-z0-9]):[0-9]{1,5}"
)
"""api/API_CreateEventSourceMapping.html, api/API_SelfManagedEventSource.html."""

KAFKA_DESTINATION_TOPIC = re.compile(r"[^.][a-zA-Z0-9\-_.]{3,248}")
"""CloudFormation's AWS::Lambda::EventSourceMapping OnFailure.Destination: `kafka://`
and at least four characters."""

MQ_BATCH_SIZE = (1, 10_000)
MQ_QUEUE_CHARACTERS = (1, 1_000)
MQ_VIRTUAL_HOST = re.compile(r"[ a-zA-Z0-9\-/*:_+=.@]{1,200}")
"""api/API_CreateEventSourceMapping.html, api/API_SourceAccessConfiguration.html."""

DOCUMENT_DB_BATCH_SIZE = (1, 10_000)
DOCUMENT_DB_DATABASE_NAME = re.compile(r"[^ /\\.$\"]{1,63}")
DOCUMENT_DB_COLLECTION_NAME = re.compile(r"(?!system\.)[_a-zA-Z0-9][^$]{0,56}")
"""api/API_DocumentDBEventSourceConfig.html."""
STREAM_BATCH_SIZE = (1, 10_000)
"""api/API_CreateEventSourceMapping.html, which asks for a window of 1 s above 10 here
too, and gives the defaults 100 and 0 s: so that rule is SQS's alone."""

STREAM_PARALLELIZATION_FACTOR = (1, 10)
STREAM_RECORD_AGE_SECONDS = (60, 604_800)
STREAM_RETRY_ATTEMPTS = (-1, 10_000)
STREAM_TUMBLING_WINDOW_SECONDS = (0, 900)
"""dg/services-kinesis-parameters.html, dg/services-ddb-params.html; -1 is for ever."""

# --- streams ----------------------------------------------------------------

KINESIS_DEFAULT_RETENTION_SECONDS = 86_400
"""streams/latest/dev/kinesis-extended-retention.html: a day, which is the least too."""

DYNAMODB_RETENTION_SECONDS = 86_400
"""amazondynamodb/latest/developerguide/Streams.html: always a day."""

DYNAMODB_STREAM_READERS = 2
DYNAMODB_GLOBAL_STREAM_READERS = 1
"""dg/with-ddb.html: at once, of one shard; replication reads a global table's too."""
# --- rules ------------------------------------------------------------------

RULE_RETRY_ATTEMPTS = (0, 185)
RULE_EVENT_AGE_SECONDS = (60, 86_400)
"""eventbridge/latest/APIReference/API_RetryPolicy.html."""

# --- queues -----------------------------------------------------------------

SQS_DEFAULT_RETENTION_SECONDS = 345_600
SQS_RETENTION_SECONDS = (60, 1_209_600)
"""AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html."""

SQS_MAX_RECEIVE_COUNT = (1, 1_000)
"""AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html."""

# --- topics -----------------------------------------------------------------

SNS_FILTER_POLICY_BYTES = 262_144
SNS_FILTER_POLICY_COMBINATIONS = 150
SNS_FILTER_POLICY_KEYS = 5
SNS_FILTER_NUMBER = (-1_000_000_000, 1_000_000_000)
"""sns/latest/dg/subscription-filter-policy-constraints.html."""

# --- log groups -------------------------------------------------------------

LOGS_FIELD_SELECTION_CHARACTERS = 2_000
LOGS_FILTER_PATTERN_CHARACTERS = 1_024
"""AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html."""

LOGS_FILTERS = 5
LOGS_FILTERS_WITHOUT_QUOTA_INCREASE = 2
"""That page says two, CloudFormation's own rules five."""
# --- AWS Config --------------------------------------------------------------

CONFIG_DESCRIPTION_CHARACTERS = (0, 256)
CONFIG_INPUT_PARAMETERS_CHARACTERS = 1_024
"""config/latest/APIReference/API_ConfigRule.html: the parameters as JSON."""

CONFIG_SCOPE_RESOURCE_TYPES = (1, 100)
CONFIG_SCOPE_TAG_KEY_CHARACTERS = (1, 128)
CONFIG_SCOPE_TAG_VALUE_CHARACTERS = (1, 256)
"""config/latest/APIReference/API_Scope.html."""

# --- AWS IoT Core ------------------------------------------------------------

IOT_RULE_BYTES = 262_144
"""general/latest/gr/iot-core.html: 256 KB of UTF-8, white space included."""
# --- developer tools --------------------------------------------------------

CODE_COMMIT_TRIGGERS = 10
CODE_COMMIT_BRANCHES = 10
CODE_COMMIT_CUSTOM_DATA_CHARACTERS = 1_000
CODE_COMMIT_BRANCH_CHARACTERS = (1, 256)
CODE_COMMIT_TRIGGER_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
CODE_COMMIT_TRIGGER_NAME_CHARACTERS = 100
"""codecommit/latest/userguide/limits.html; branches: how-to-notify-lambda-cc.html."""

CODE_PIPELINE_ACTION_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,100}")
CODE_PIPELINE_NAMESPACE = re.compile(r"[A-Za-z0-9@_-]{1,100}")
CODE_PIPELINE_RUN_ORDER = (1, 999)
CODE_PIPELINE_USER_PARAMETERS_CHARACTERS = (1, 1_000)
"""codepipeline/latest/APIReference/API_ActionDeclaration.html."""

CODE_PIPELINE_ARTIFACTS = 5
"""codepipeline/latest/userguide/action-reference-Lambda.html."""

CODE_PIPELINE_ANSWER_SECONDS = 1_200
"""codepipeline/latest/userguide/limits.html: 20 minutes from each invocation."""

CUSTOM_RESOURCE_TIMEOUT_SECONDS = (1, 3_600)
CUSTOM_RESOURCE_TYPE = re.compile(r"Custom::[A-Za-z0-9_@-]+")
CUSTOM_RESOURCE_TYPE_CHARACTERS = 60
"""AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html."""
# --- state machines ---------------------------------------------------------
# Pages below docs.aws.amazon.com/step-functions/latest/dg/.

STATE_NAME_CHARACTERS = 80
"""workflow-states.html."""

STATE_SECONDS = (1, 99_999_999)
"""state-task.html: TimeoutSeconds, HeartbeatSeconds; IntervalSeconds likewise."""

RETRY_MAX_ATTEMPTS = (0, 99_999_999)
RETRY_DELAY_SECONDS = (1, 31_622_400)
"""concepts-error-handling.html: MaxAttempts and MaxDelaySeconds."""
# --- events and schedules ---------------------------------------------------

EVENT_PATTERN_CHARACTERS = 4_096
EVENT_RULE_DESCRIPTION_CHARACTERS = 512
"""eventbridge/latest/APIReference/API_PutRule.html."""

EVENT_INPUT_CHARACTERS = 8_192
"""eventbridge/latest/APIReference/API_Target.html: Input; InputTemplate as well."""

EXACT_PERMISSIONS = 30
"""dg/gettingstarted-limits.html: 20 KB, of which one with long names takes some 570
bytes; beyond these, the rules of a bus share one."""

SCHEDULE_EXPRESSION = re.compile(r"(at|cron|rate)\(.+\)")
"""scheduler/latest/UserGuide/schedule-types.html, and Application Auto Scaling's are
in autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html."""

SCHEDULE_DESCRIPTION_CHARACTERS = 512
SCHEDULE_INPUT_BYTES = 262_144
SCHEDULE_WINDOW_MINUTES = (1, 1_440)
"""scheduler/latest/APIReference/API_CreateSchedule.html: the input is up to 256 KB."""
# --- APIs --------------------------------------------------------------------

HTTP_API_TIMEOUT_MILLISECONDS = (50, 30_000)
HTTP_API_TIMEOUT_SECONDS = 30
"""apigateway/latest/developerguide/http-api-quotas.html; CDK still stops at 29 s."""

REST_API_TIMEOUT_MILLISECONDS = (50, 900_000)
REST_API_TIMEOUT_SECONDS = 29
"""apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html:
29 s, more on request; no function takes more than 15 minutes."""

WEB_SOCKET_API_TIMEOUT_MILLISECONDS = (50, 29_000)
WEB_SOCKET_API_TIMEOUT_SECONDS = 29
"""apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html."""

URL_CORS_ENTRIES = 100
URL_HEADER_CHARACTERS = 1_024
URL_MAX_AGE_SECONDS = (0, 86_400)
URL_ORIGIN_CHARACTERS = 253
"""api/API_Cors.html."""

# --- buckets ----------------------------------------------------------------

S3_KEY_CHARACTERS = 1_024
"""AmazonS3/latest/userguide/object-keys.html; bytes in UTF-8, so one each at least."""

S3_NOTIFICATIONS = 100
"""general/latest/gr/s3.html: event notifications of a bucket."""

# --- mail -------------------------------------------------------------------

SES_ANSWER_SECONDS = (1, 30)
"""ses/latest/APIReference/API_LambdaAction.html: of RequestResponse."""

SES_RECIPIENTS = 500
"""ses/latest/dg/quotas.html: recipients of a receipt rule."""

SES_RECIPIENT = re.compile(r"([^@*\s]+@|\.)?[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z0-9-]+")
"""ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html."""

SES_RECEIVING_REGIONS = frozenset(
    {
        "af-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ca-central-1",
        "eu-central-1",
        "eu-isoe-west-1",
        "eu-north-1",
        "eu-south-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eusc-de-east-1",
        "il-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-iso-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isob-west-1",
        "us-isof-east-1",
        "us-isof-south-1",
        "us-west-1",
        "us-west-2",
    }
)
"""Where CloudFormation had AWS::SES::ReceiptRule in October 2026, by its schemas."""

# --- load balancers ---------------------------------------------------------

ALB_RULE_PRIORITY = (1, 50_000)
"""elasticloadbalancing/latest/APIReference/API_CreateRule.html."""

ALB_RULE_VALUES = 5
ALB_RULE_WILDCARDS = 6
"""elasticloadbalancing/latest/application/load-balancer-limits.html: of a rule."""

ALB_CONDITION_CHARACTERS = 128
ALB_NAME_CHARACTERS = 40
"""elasticloadbalancing/latest/application/rule-condition-types.html: values; and the
names of methods and headers."""

ALB_DEFAULT_IDLE_TIMEOUT_SECONDS = 60
"""elasticloadbalancing/latest/application/edit-load-balancer-attributes.html."""

HEALTH_CHECK_CODES = (200, 499)
HEALTH_CHECK_INTERVAL_SECONDS = (5, 300)
HEALTH_CHECK_PATH_CHARACTERS = 1_024
HEALTH_CHECK_THRESHOLD = (2, 10)
HEALTH_CHECK_TIMEOUT_SECONDS = (2, 120)
HEALTH_CHECK_DEFAULT_INTERVAL_SECONDS = 35
HEALTH_CHECK_DEFAULT_TIMEOUT_SECONDS = 30
"""elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html; the defaults
are those of a function."""

TARGET_GROUP_NAME_CHARACTERS = 32
"""elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html."""
# --- assistants and sign-up --------------------------------------------------

ALEXA_ANSWER_SECONDS = 8
"""developer.amazon.com/blogs/alexa/post/1ae545b3-cb73-43a8-b987-6613ed8ebced/tips-for-developing-high-performance-alexa-skills1."""

ALEXA_REGIONS = frozenset({"ap-northeast-1", "eu-west-1", "us-east-1", "us-west-2"})
"""developer.amazon.com/docs/smarthome/develop-smart-home-skills-in-multiple-languages.html,
developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html."""

ALEXA_SKILL_ID = re.compile(
    r"amzn1\.ask\.skill\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""developer.amazon.com/docs/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html."""

COGNITO_ANSWER_SECONDS = 5
"""cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html."""

LEX_ANSWER_SECONDS = 30
"""lexv2/latest/dg/context-mgmt-session-attribs.html: unless a session's attributes say
otherwise, up to 120; a fulfilment with updates may take longer, too."""

LEX_BOT_ALIAS_ARN = re.compile(
    r"arn:[a-z-]+:lex:[a-z0-9-]+:\d{12}:bot-alias/[0-9A-Z]{10}/[0-9A-Z]{10}"
)
LEX_LOCALE_ID = re.compile(r"[a-z]{2,3}_[A-Z0-9]{2,3}")
"""lexv2/latest/APIReference/API_DescribeBotAlias.html, and how-languages.html of the
guide."""
# --- delivery streams -------------------------------------------------------
# Pages below docs.aws.amazon.com/firehose/latest/dev/.

FIREHOSE_BUFFER_MB = (0.2, 3)
FIREHOSE_BUFFER_SECONDS = (0, 900)
"""data-transformation.html: hints."""

FIREHOSE_TIMEOUT_SECONDS = 300
"""data-transformation.html: how long an invocation may take."""

# --- batch jobs -------------------------------------------------------------
# Pages below docs.aws.amazon.com/AmazonS3/latest/API/.

S3_BATCH_DESCRIPTION_CHARACTERS = 256
S3_BATCH_PRIORITY = (0, 2_147_483_647)
"""API_control_CreateJob.html."""

S3_BATCH_REPORT_PREFIX_CHARACTERS = 512
"""API_control_JobReport.html."""

S3_BATCH_TAGS = 50
S3_BATCH_TAG_KEY_CHARACTERS = (1, 128)
S3_BATCH_TAG_VALUE_CHARACTERS = (0, 256)
"""API_control_S3Tag.html; userguide/batch-ops-managing-jobs.html: how many."""

S3_BATCH_USER_ARGUMENTS = 10
S3_BATCH_USER_ARGUMENT_KEY_CHARACTERS = (1, 64)
S3_BATCH_USER_ARGUMENT_VALUE_CHARACTERS = (0, 1_024)
"""API_control_LambdaInvokeOperation.html."""

# --- roles ------------------------------------------------------------------
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

POLICY_CHARACTERS = 6_144
"""Of a managed policy; white space does not count."""

INLINE_POLICIES_CHARACTERS = 10_240
"""Of all inline policies of a role together; white space does not count."""

TRUST_POLICY_CHARACTERS = 2_048
"""Without a raised quota."""

POLICIES_OF_A_ROLE = 10
"""Managed ones, without a raised quota."""

# --- templates --------------------------------------------------------------

STACK_RESOURCES = 500
"""AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""

TEMPLATE_BYTES = 1_048_576
"""AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: 1 MB in an object."""
