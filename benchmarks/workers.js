// The same workers as `plain` in workers.py, in the language that CDK is written in.
const { App, Duration, Stack } = require('aws-cdk-lib');
const lambda = require('aws-cdk-lib/aws-lambda');
const sources = require('aws-cdk-lib/aws-lambda-event-sources');
const sqs = require('aws-cdk-lib/aws-sqs');

const stack = new Stack(new App(), 'Workers');
for (let number = 0; number < Number(process.argv[2]); number++) {
  const worker = new lambda.Function(stack, `Worker${number}`, {
    code: lambda.Code.fromInline('def handler(event, context): ...'),
    handler: 'index.handler',
    runtime: lambda.Runtime.PYTHON_3_14,
    timeout: Duration.seconds(10),
  });
  const queue = new sqs.Queue(stack, `Queue${number}`, {
    visibilityTimeout: Duration.seconds(60),
  });
  worker.addEventSource(new sources.SqsEventSource(queue));
}
App.of(stack).synth();
