"""The policies of a template, with likely names for what they refer to.

A linter of policies reads ARNs, and knows nothing of CloudFormation's references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.audit.templates import Template
from tests.e2e.errors import CommandError

# Not trust policies: parliament misses the resource that they have not.
DOCUMENTS = ("KeyPolicy", "PolicyDocument")
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::NoValue": "",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
HERE = "us-east-1:111122223333"
TABLE = f"arn:aws:dynamodb:{HERE}:table/{{}}"
# What a reference gives, by the type that it names: the pages of the resource types,
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
ARNS = {
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{HERE}:alarm:{{}}",
    "AWS::CodeCommit::Repository": f"arn:aws:codecommit:{HERE}:{{}}",
    "AWS::Cognito::UserPool": f"arn:aws:cognito-idp:{HERE}:userpool/us-east-1_{{}}",
    "AWS::DynamoDB::GlobalTable": TABLE,
    "AWS::Events::Rule": f"arn:aws:events:{HERE}:rule/{{}}",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/{}",
    "AWS::KMS::Key": f"arn:aws:kms:{HERE}:key/{{}}",
    "AWS::Kinesis::Stream": f"arn:aws:kinesis:{HERE}:stream/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{HERE}:function:{{}}",
    "AWS::Logs::DeliverySource": f"arn:aws:logs:{HERE}:delivery-source:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{{}}",
}
# Without the colons of a real label, which parliament takes for ends of parts.
STREAMS = {"AWS::DynamoDB::GlobalTable": f"{TABLE}/stream/2026-01-01"}
REFS = {
    "AWS::Lambda::Alias": f"arn:aws:lambda:{HERE}:function:{{}}:live",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{HERE}:secret:{{}}-AbCdEf",
    "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{HERE}:stateMachine:{{}}",
}


def policies_of(template: Template) -> Iterator[tuple[str, Any]]:
    """Give each policy with the logical id of what has it."""
    for logical_id, resource in template.resources.items():
        properties = resource.get("Properties", {})
        for name in DOCUMENTS:
            if name in properties:
                yield logical_id, filled(properties[name], template)
        if resource["Type"] == "AWS::IAM::Role":
            for inline in properties.get("Policies", ()):
                yield logical_id, filled(inline["PolicyDocument"], template)


def filled(value: Any, template: Template) -> Any:
    """Give *value* with something likely in the place of each reference.

    Raises:
        CommandError: It refers in a way that is not known here.
    """
    if isinstance(value, list):
        return [filled(each, template) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument, template)
        if name == "Ref" or name.startswith("Fn::"):
            raise CommandError(f"{template.stack}: no value is known for {value}")
    return {name: filled(each, template) for name, each in value.items()}


def _ref(name: str, template: Template) -> str:
    if name in PSEUDO:
        return PSEUDO[name]
    kind = template.resources.get(name, {}).get("Type", "")
    return REFS.get(kind, "{}").format(name.lower())


def _get_att(argument: list[str], template: Template) -> str:
    name, attribute = argument
    kind = template.resources[name]["Type"]
    known = {"Arn": ARNS, "StreamArn": STREAMS}.get(attribute, {})
    if kind not in known:
        raise CommandError(f"{template.stack}: no {attribute} is known of a {kind}")
    return known[kind].format(name.lower())


def _join(argument: list[Any], template: Template) -> str:
    separator, parts = argument
    return str(separator).join(map(str, filled(parts, template)))


def _select(argument: list[Any], template: Template) -> object:
    index, parts = argument
    return filled(parts, template)[int(index)]


def _split(argument: list[Any], template: Template) -> list[str]:
    separator, text = argument
    return str(filled(text, template)).split(separator)


FUNCTIONS: dict[str, Callable[[Any, Template], object]] = {
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Ref": _ref,
}
