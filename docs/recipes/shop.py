"""The stack that the recipes use: a worker behind a queue."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambda_constructs import AsyncInvoke, LambdaFunction
from lambda_constructs.event_sources import SqsEventSource

HANDLER = """
import json, os, time
import boto3

sqs = boto3.client("sqs")

def handler(event, context):
    failures = []
    for record in event.get("Records", [{"body": json.dumps(event)}]):
        order = json.loads(record["body"])
        if order.get("id") == "poison":
            print("poison")
            failures.append({"itemIdentifier": record.get("messageId", "")})
        else:
            time.sleep(order.get("seconds", 0))
            url = os.environ["SHIPPED"]
            sqs.send_message(QueueUrl=url, MessageBody=record["body"])
    if failures and "Records" not in event:
        raise ValueError("poison")
    return {"batchItemFailures": failures}
"""


class ShopStack(Stack):
    """Orders come in by a queue, and what is shipped goes out by another."""

    def __init__(self, scope: Construct, id: str) -> None:
        """Wire the two to the worker."""
        super().__init__(scope, id)
        shipped = sqs.Queue(self, "Shipped", enforce_ssl=True)
        worker = LambdaFunction(
            self,
            "Worker",
            code=lambda_.Code.from_inline(HANDLER),
            timeout=Duration.seconds(10),
            environment={"SHIPPED": shipped.queue_url},
            async_invoke=AsyncInvoke(),
        )
        worker.allow("sqs:SendMessage", on=shipped)
        worker.add_event_source(
            SqsEventSource(
                sqs.Queue(self, "Orders", enforce_ssl=True),
                max_batching_window=Duration.seconds(5),
                max_concurrency=2,
            )
        )
