// The variants `plain` and `same` of workers.py, in the language that CDK is written in.
const { App, Duration, RemovalPolicy, Stack } = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');
const lambda = require('aws-cdk-lib/aws-lambda');
const sources = require('aws-cdk-lib/aws-lambda-event-sources');
const logs = require('aws-cdk-lib/aws-logs');
const sqs = require('aws-cdk-lib/aws-sqs');

const HANDLER = 'def handler(event, context): ...';
const TIMEOUT_SECONDS = 10;
const STACK_HOLDS = 30;

function plain(stack, number) {
  const worker = new lambda.Function(stack, `Worker${number}`, {
    code: lambda.Code.fromInline(HANDLER),
    handler: 'index.handler',
    runtime: lambda.Runtime.PYTHON_3_14,
    timeout: Duration.seconds(TIMEOUT_SECONDS),
  });
  const queue = new sqs.Queue(stack, `Queue${number}`, {
    visibilityTimeout: Duration.seconds(6 * TIMEOUT_SECONDS),
  });
  worker.addEventSource(new sources.SqsEventSource(queue));
}

function same(stack, number) {
  const dead = new sqs.Queue(stack, `Queue${number}DeadLetters`, {
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    redriveAllowPolicy: { redrivePermission: sqs.RedrivePermission.ALLOW_ALL },
  });
  const queue = new sqs.Queue(stack, `Queue${number}`, {
    visibilityTimeout: Duration.seconds(6 * TIMEOUT_SECONDS),
    deadLetterQueue: { maxReceiveCount: 5, queue: dead },
  });
  const group = new logs.LogGroup(stack, `Worker${number}Logs`, {
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    retention: logs.RetentionDays.ONE_YEAR,
  });
  const role = new iam.Role(stack, `Worker${number}Role`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const policy = new iam.ManagedPolicy(stack, `Worker${number}Policy`, {
    roles: [role],
    statements: [
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [group.logGroupArn],
      }),
      new iam.PolicyStatement({
        actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
        resources: ['*'],
      }),
      new iam.PolicyStatement({
        actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        resources: [queue.queueArn],
      }),
    ],
  });
  const worker = new lambda.Function(stack, `Worker${number}Function`, {
    code: lambda.Code.fromInline(HANDLER),
    handler: 'index.handler',
    runtime: lambda.Runtime.PYTHON_3_14,
    architecture: lambda.Architecture.ARM_64,
    memorySize: 512,
    timeout: Duration.seconds(TIMEOUT_SECONDS),
    role: role.withoutPolicyUpdates(),
    logGroup: group,
    loggingFormat: lambda.LoggingFormat.JSON,
    tracing: lambda.Tracing.ACTIVE,
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
  });
  const live = new lambda.Alias(stack, `Worker${number}Live`, {
    aliasName: 'live',
    version: worker.currentVersion,
  });
  const mapping = new lambda.EventSourceMapping(stack, `Worker${number}SqsQueue${number}`, {
    target: live,
    batchSize: 10,
    enabled: true,
    eventSourceArn: queue.queueArn,
    reportBatchItemFailures: true,
  });
  mapping.node.addDependency(policy);
}

const [, , variant, count] = process.argv;
const make = { plain, same }[variant];
const app = new App();
let stack;
for (let number = 0; number < Number(count); number++) {
  if (number % STACK_HOLDS === 0) {
    stack = new Stack(app, `Workers${number / STACK_HOLDS}`);
  }
  make(stack, number % STACK_HOLDS);
}
const made = app.synth().getStackByName('Workers0').template;
process.stdout.write(JSON.stringify(made));
