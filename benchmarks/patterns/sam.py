"""As SAM templates made CloudFormation's: `python -m benchmarks.patterns.sam`.

In an environment that has `aws-sam-translator`; prints a template for each pattern.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from benchmarks.workers_sam import NoManagedPolicies

HEAD = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): ..."
      Handler: index.handler
      Runtime: python3.14
      Timeout: 5
      Events:
        Source:
          Type: """
PATTERNS = {
    "SQS": """SQS
          Properties:
            Queue: !GetAtt Queue.Arn
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
""",
    "SQS FIFO": """SQS
          Properties:
            Queue: !GetAtt Queue.Arn
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: true
      VisibilityTimeout: 30
""",
    "Kinesis": """Kinesis
          Properties:
            Stream: !GetAtt Stream.Arn
            StartingPosition: TRIM_HORIZON
  Stream:
    Type: AWS::Kinesis::Stream
    Properties:
      ShardCount: 1
""",
    "DynamoDB": """DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
""",
    "SNS": """SNS
          Properties:
            Topic: !Ref Topic
  Topic:
    Type: AWS::SNS::Topic
""",
    "S3": """S3
          Properties:
            Bucket: !Ref Bucket
            Events: s3:ObjectCreated:*
  Bucket:
    Type: AWS::S3::Bucket
""",
    "EventBridge": """EventBridgeRule
          Properties:
            Pattern: {source: [shop]}
""",
    "Scheduler": """ScheduleV2
          Properties:
            ScheduleExpression: rate(1 day)
""",
    "CloudWatch Logs": """CloudWatchLogs
          Properties:
            LogGroupName: !Ref Group
            FilterPattern: ERROR
  Group:
    Type: AWS::Logs::LogGroup
""",
    "HTTP API": """HttpApi
          Properties:
            Method: GET
            Path: /orders
""",
    "REST API": """Api
          Properties:
            Method: GET
            Path: /orders
""",
    "Cognito": """Cognito
          Properties:
            UserPool: !Ref Pool
            Trigger: PreSignUp
  Pool:
    Type: AWS::Cognito::UserPool
""",
    "IoT": """IoTRule
          Properties:
            Sql: SELECT * FROM 'devices/+/telemetry'
""",
    "Alexa": """AlexaSkill
          Properties:
            SkillId: amzn1.ask.skill.00000000-0000-4000-8000-000000000000
""",
}


def main() -> dict[str, dict[str, Any]]:
    """Transform each pattern."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    return {
        name: transform(yaml_parse(HEAD + text), {}, NoManagedPolicies())
        for name, text in PATTERNS.items()
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))
