"""A hook behind a repository: what is pushed is searched for what should not be."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import CodeCommitEventSource
from stacks._handlers import handler_code
from stacks._keys import customer_key
from stacks._on_call import on_call

CHANGES = [
    codecommit.RepositoryEventTrigger.CREATE_REF,
    codecommit.RepositoryEventTrigger.UPDATE_REF,
]


class RepositoryHookStack(Stack):
    """Each commit of `Code` is checked once; secrets and large files are told of."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="Checks of what is pushed")
        Monitoring(topic=on_call(self)).apply_to(self)

        code = codecommit.Repository(
            self,
            "Code",
            # CodeCommit makes up no names.
            repository_name=f"{self.stack_name.lower()}-code",
        )
        commits = dynamodb.TableV2(
            self,
            "Commits",
            partition_key=dynamodb.Attribute(
                name="commit", type=dynamodb.AttributeType.STRING
            ),
            deletion_protection=True,
            point_in_time_recovery_specification=(
                dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                )
            ),
        )
        key = customer_key(self, "Key")
        findings = sns.Topic(self, "Findings", enforce_ssl=True, master_key=key)

        hook = LambdaFunction(
            self,
            "Hook",
            code=handler_code("repository_hook"),
            timeout=Duration.minutes(5),
            memory_size=512,
            environment={
                "COMMITS_TABLE": commits.table_name,
                "FINDINGS_TOPIC": findings.topic_arn,
                "MOST_BYTES": str(1024 * 1024),
            },
        )
        hook.allow(
            "codecommit:GetBlob",
            "codecommit:GetCommit",
            "codecommit:GetDifferences",
            on=code,
        )
        hook.allow("dynamodb:GetItem", "dynamodb:PutItem", on=commits)
        hook.allow("sns:Publish", on=findings)
        hook.allow("kms:Decrypt", "kms:GenerateDataKey", on=key, via="sns")
        hook.add_event_source(CodeCommitEventSource(code, events=CHANGES))
