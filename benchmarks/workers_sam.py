"""The same workers as `plain` in workers.py, as a SAM template made CloudFormation's.

`workers_sam.py COUNT`, in an environment that has `aws-sam-translator`. What SAM does
where it deploys is done here: reading the template, and transforming it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TIMEOUT_SECONDS = 10
WORKER = """
  Worker{number}:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): ..."
      Handler: index.handler
      Runtime: python3.14
      Timeout: {timeout}
      Events:
        Queue:
          Type: SQS
          Properties:
            Queue: !GetAtt Queue{number}.Arn
  Queue{number}:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: {visibility}
"""


class NoManagedPolicies:
    """Nothing here names a managed policy."""

    def load(self) -> dict[str, str]:
        """Give none, without asking IAM."""
        return {}


def main(count: int) -> dict[str, Any]:
    """Transform *count* workers."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    text = "Transform: AWS::Serverless-2016-10-31\nResources:" + "".join(
        WORKER.format(
            number=number, timeout=TIMEOUT_SECONDS, visibility=6 * TIMEOUT_SECONDS
        )
        for number in range(count)
    )
    made: dict[str, Any] = transform(yaml_parse(text), {}, NoManagedPolicies())
    return made


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]))))
