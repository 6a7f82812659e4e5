"""An account of the test kit as an operator asks about it.

The kit runs stacks and does not answer CloudFormation, nor how its functions, rules,
subscriptions and schedules are configured. Here it does, from the same template, in the
shapes of botocore's models; and SQS moves messages, which moto does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

from lambda_constructs.redrive import Aws
from lambda_constructs.testing._served import ApiError, Served
from lambda_constructs.testing._template import Resolver
from lambda_constructs.testing.stack import DeployedStack

Answer = dict[str, Any]


class Operator:
    """Answers what `find_stores` asks of one stack."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        self.account = stack.account
        self.resources = {
            id: (each.type, each.created) for id, each in stack._resources.items()
        }
        pseudo = {
            "AWS::AccountId": self.account.id,
            "AWS::Partition": "aws",
            "AWS::Region": self.account.region,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self.resolver = Resolver(stack.template, pseudo, {}, self.account.exports)
        for id, (_, created) in self.resources.items():
            self.resolver.references[id] = created.ref
            self.resolver.attributes[id] = created.attributes

    @contextmanager
    def asked(self) -> Iterator[Aws]:
        """Answer, and give what to ask with."""
        served = Served()
        for service, operation, answer in self._answers():
            served.add(service, operation, answer)
        moves = MoveTasks(self.account.client("sqs"))
        moves.serve(served)
        with served.watching():
            yield Aws(boto3.Session(), patience=0)

    def _answers(self) -> Iterator[tuple[str, str, Callable[[Any], Answer]]]:
        yield "cloudformation", "ListStackResources", self._list
        yield (
            "cloudformation",
            "GetTemplate",
            lambda _: {"TemplateBody": self.stack.template},
        )
        yield "lambda", "GetFunctionConfiguration", self._function
        yield "lambda", "ListFunctionEventInvokeConfigs", self._event_invoke
        yield "lambda", "GetEventSourceMapping", self._mapping
        yield "events", "DescribeRule", self._rule
        yield "events", "ListTargetsByRule", self._targets
        yield "events", "ListRules", self._rules
        yield "sns", "GetSubscriptionAttributes", self._subscription
        yield "sns", "ListSubscriptionsByTopic", self._subscriptions
        yield "scheduler", "ListSchedules", self._schedules
        yield "scheduler", "GetSchedule", self._schedule
        yield "iot", "GetTopicRule", self._topic_rule
        yield "firehose", "DescribeDeliveryStream", self._delivery_stream

    def of_type(self, type: str) -> Iterator[tuple[str, Any, Answer]]:
        """Give logical id, what was created, and the resolved properties."""
        for id, (known, created) in self.resources.items():
            if known == type:
                raw = self.stack.template["Resources"][id].get("Properties", {})
                yield id, created, self.resolver.resolve(raw)

    def _one(self, type: str, ref: str) -> tuple[Any, Answer]:
        for _, created, properties in self.of_type(type):
            if created.ref == ref:
                return created, properties
        raise ApiError("ResourceNotFoundException", f"there is no {type} {ref}", 404)

    def _list(self, _: Mapping[str, Any]) -> Answer:
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": id,
                    "PhysicalResourceId": created.ref,
                    "ResourceType": type,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for id, (type, created) in self.resources.items()
            ]
        }

    def _function(self, params: Mapping[str, Any]) -> Answer:
        state = self.account.function_state(str(params["FunctionName"]))
        arn = str(params["FunctionName"])
        return {
            "FunctionArn": arn if arn.startswith("arn:") else state.arn,
            "Role": state.role_arn,
            "DeadLetterConfig": state.properties.get("DeadLetterConfig", {}),
        }

    def _event_invoke(self, params: Mapping[str, Any]) -> Answer:
        found = self.of_type("AWS::Lambda::EventInvokeConfig")
        state = self.account.function_state(str(params["FunctionName"]))
        return {
            "FunctionEventInvokeConfigs": [
                {
                    "FunctionArn": f"{state.arn}:{each['Qualifier']}",
                    "DestinationConfig": each.get("DestinationConfig", {}),
                }
                for _, _, each in found
                if each["FunctionName"] == params["FunctionName"]
            ]
        }

    def _mapping(self, params: Mapping[str, Any]) -> Answer:
        _, told = self._one("AWS::Lambda::EventSourceMapping", params["UUID"])
        function, qualifier = self.account.function_and_qualifier(told["FunctionName"])
        return {**told, "FunctionArn": function.arn_of(qualifier)}

    def _rule(self, params: Mapping[str, Any]) -> Answer:
        created, _ = self._one("AWS::Events::Rule", _rule_id(params, "Name"))
        return {"Arn": created.attributes["Arn"]}

    def _targets(self, params: Mapping[str, Any]) -> Answer:
        _, told = self._one("AWS::Events::Rule", _rule_id(params, "Rule"))
        return {"Targets": told["Targets"]}

    def _rules(self, params: Mapping[str, Any]) -> Answer:
        bus = params.get("EventBusName", "default")
        found = self.of_type("AWS::Events::Rule")
        return {
            "Rules": [
                {
                    "Name": created.ref.rpartition("|")[2],
                    "EventPattern": json.dumps(each.get("EventPattern", {})),
                }
                for _, created, each in found
                if str(each.get("EventBusName", "default")).endswith(bus)
            ]
        }

    def _subscription(self, params: Mapping[str, Any]) -> Answer:
        _, told = self._one("AWS::SNS::Subscription", params["SubscriptionArn"])
        return {
            "Attributes": {
                "Endpoint": told["Endpoint"],
                "Protocol": told["Protocol"],
                "TopicArn": told["TopicArn"],
                "RawMessageDelivery": str(
                    told.get("RawMessageDelivery", False)
                ).lower(),
                "RedrivePolicy": json.dumps(told.get("RedrivePolicy", {})),
            }
        }

    def _subscriptions(self, params: Mapping[str, Any]) -> Answer:
        return {
            "Subscriptions": [
                {"Protocol": each["Protocol"], "Endpoint": each["Endpoint"]}
                for _, _, each in self.of_type("AWS::SNS::Subscription")
                if each["TopicArn"] == params["TopicArn"]
            ]
        }

    def _schedules(self, params: Mapping[str, Any]) -> Answer:
        return {
            "Schedules": [
                {
                    "Name": created.ref,
                    "GroupName": each.get("GroupName", "default"),
                    "Arn": created.attributes["Arn"],
                }
                for _, created, each in self.of_type("AWS::Scheduler::Schedule")
                if created.ref.startswith(params.get("NamePrefix", ""))
            ]
        }

    def _schedule(self, params: Mapping[str, Any]) -> Answer:
        _, told = self._one("AWS::Scheduler::Schedule", params["Name"])
        return {"Target": told["Target"]}

    def _topic_rule(self, params: Mapping[str, Any]) -> Answer:
        created, told = self._one("AWS::IoT::TopicRule", params["ruleName"])
        payload = told["TopicRulePayload"]
        rule: Answer = {
            "sql": payload["Sql"],
            "actions": [
                {"lambda": {"functionArn": each["Lambda"]["FunctionArn"]}}
                for each in payload["Actions"]
                if "Lambda" in each
            ],
        }
        sqs = payload.get("ErrorAction", {}).get("Sqs")
        if sqs:
            rule["errorAction"] = {"sqs": {"queueUrl": sqs["QueueUrl"]}}
        return {"ruleArn": created.attributes["Arn"], "rule": rule}

    def _delivery_stream(self, params: Mapping[str, Any]) -> Answer:
        type = "AWS::KinesisFirehose::DeliveryStream"
        created, told = self._one(type, params["DeliveryStreamName"])
        config = told["ExtendedS3DestinationConfiguration"]
        return {
            "DeliveryStreamDescription": {
                "DeliveryStreamARN": created.attributes["Arn"],
                "Destinations": [{"ExtendedS3DestinationDescription": config}],
            }
        }


def _rule_id(params: Mapping[str, Any], name: str) -> str:
    bus = params.get("EventBusName", "default")
    return params[name] if bus == "default" else f"{bus}|{params[name]}"


class MoveTasks:
    """SQS's own way of moving a dead-letter queue back.

    It moves *at_once* messages whenever it is asked how far it is.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
    """

    def __init__(self, sqs: Any, *, at_once: int = 10) -> None:
        self.sqs = sqs
        self.at_once = at_once
        self.requests: list[Answer] = []
        self.tasks: list[Answer] = []

    def serve(self, served: Served) -> None:
        """Answer the three operations."""
        served.add("sqs", "StartMessageMoveTask", self.start)
        served.add("sqs", "ListMessageMoveTasks", self.list)
        served.add("sqs", "CancelMessageMoveTask", self.cancel)

    def start(self, params: Mapping[str, Any]) -> Answer:
        """Begin."""
        self.requests.append(dict(params))
        if any(each["Status"] == "RUNNING" for each in self.tasks):
            text = "There is already a task running"
            raise ApiError("AWS.SimpleQueueService.UnsupportedOperation", text)
        handle = f"task-{len(self.tasks)}"
        self.tasks.insert(
            0,
            {
                "TaskHandle": handle,
                "Status": "RUNNING",
                "SourceArn": params["SourceArn"],
                "DestinationArn": params["DestinationArn"],
                "ApproximateNumberOfMessagesMoved": 0,
            },
        )
        return {"TaskHandle": handle}

    def list(self, params: Mapping[str, Any]) -> Answer:
        """Say how far it is, and go on."""
        own = [each for each in self.tasks if each["SourceArn"] == params["SourceArn"]]
        shown = [dict(each) for each in own[: params.get("MaxResults", 1)]]
        for each in own:
            if each["Status"] == "RUNNING":
                self._move(each)
        return {"Results": shown}

    def cancel(self, params: Mapping[str, Any]) -> Answer:
        """End it; what was moved stays moved."""
        for each in self.tasks:
            if each.get("TaskHandle") == params["TaskHandle"]:
                each["Status"] = "CANCELLED"
        return {"ApproximateNumberOfMessagesMoved": 0}

    def _move(self, task: Answer) -> None:
        source, target = (
            self.sqs.get_queue_url(QueueName=task[end].rsplit(":", 1)[1])["QueueUrl"]
            for end in ("SourceArn", "DestinationArn")
        )
        fifo = target.endswith(".fifo")
        for _ in range(self.at_once):
            found = self.sqs.receive_message(
                QueueUrl=source,
                MaxNumberOfMessages=1,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            ).get("Messages", [])
            if not found:
                task["Status"] = "COMPLETED"
                del task["TaskHandle"]
                return
            (message,) = found
            system = message["Attributes"]
            order = {
                "MessageGroupId": system.get("MessageGroupId", ""),
                "MessageDeduplicationId": message["MessageId"],
            }
            self.sqs.send_message(
                QueueUrl=target,
                MessageBody=message["Body"],
                MessageAttributes=message.get("MessageAttributes", {}),
                **(order if fifo else {}),
            )
            self.sqs.delete_message(
                QueueUrl=source, ReceiptHandle=message["ReceiptHandle"]
            )
            task["ApproximateNumberOfMessagesMoved"] += 1
