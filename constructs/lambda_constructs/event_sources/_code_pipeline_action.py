"""The action of a pipeline that invokes a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambda_constructs._known import function_arn_of, node_of, resource_of, stack_of
from lambda_constructs.permissions import key_statement, statement

if TYPE_CHECKING:
    from lambda_constructs.event_sources.code_pipeline import CodePipelineEventSource
    from lambda_constructs.function import LambdaFunction

ARTIFACTS = codepipeline.ActionArtifactBounds(
    min_inputs=0, max_inputs=5, min_outputs=0, max_outputs=5
)


class InvokeAction(codepipeline.Action):
    """Invokes the live alias, and nothing else, under a role of the action's own.

    An action class of our own, since CDK's `LambdaInvokeAction` allows every version
    of the function, listing all functions, and wildcards on the artifacts.
    """

    def __init__(
        self, source: CodePipelineEventSource, function: LambdaFunction
    ) -> None:
        """Make the action; a pipeline calls `bind` when it is added to a stage."""
        super().__init__()
        self._source = source
        self._function = function
        self._properties = codepipeline.ActionProperties(
            action_name=source.action_name,
            artifact_bounds=ARTIFACTS,
            category=codepipeline.ActionCategory.INVOKE,
            provider="Lambda",
            inputs=list(source.inputs),
            outputs=list(source.outputs),
            resource=function.live,
            role=source.role,
            run_order=source.run_order,
            variables_namespace=source.variables_namespace,
        )

    def variable(self, name: str) -> str:
        """Give a variable that the handler puts out, for a later action to use."""
        return self._variable_expression(name)

    @property
    def _provided_action_properties(self) -> codepipeline.ActionProperties:
        return self._properties

    def _bound(
        self,
        scope: Construct,
        stage: codepipeline.IStage,
        *,
        bucket: s3.IBucket,
        role: iam.IRole,
    ) -> codepipeline.ActionConfig:
        policy = _add(role, self._statements(bucket))
        pipeline = resource_of(stage.pipeline)
        if policy is not None and pipeline is not None:
            # The pipeline makes its first run as soon as it is there.
            node_of(pipeline).add_dependency(policy)
        given = self._source.user_parameters
        configuration = {
            # The name and alias; CodePipeline takes a name where others take an ARN.
            "FunctionName": self._function.live.function_name,
            "UserParameters": (
                given
                if given is None or isinstance(given, str)
                else stack_of(scope).to_json_string(dict(given))
            ),
        }
        return codepipeline.ActionConfig(
            configuration={k: v for k, v in configuration.items() if v is not None}
        )

    def _statements(self, bucket: s3.IBucket) -> list[iam.PolicyStatement]:
        """Invoke the alias; and the artifacts, as the event lends its credentials."""
        statements = [
            statement(["lambda:InvokeFunction"], function_arn_of(self._function.live))
        ]
        read, written = bool(self._source.inputs), bool(self._source.outputs)
        key_actions = ["kms:Decrypt"] if read or written else []
        if read:
            statements.append(statement(["s3:GetObject"], bucket.arn_for_objects("*")))
        if written:
            statements.append(statement(["s3:PutObject"], bucket.arn_for_objects("*")))
            key_actions.append("kms:GenerateDataKey")
        if bucket.encryption_key is not None and key_actions:
            key = bucket.encryption_key
            statements.append(key_statement(bucket, key, "s3", *key_actions))
        return statements


def _add(
    role: iam.IRole, statements: list[iam.PolicyStatement]
) -> iam.ManagedPolicy | None:
    """Add to a customer-managed policy of the role, where the role is one's own."""
    if not isinstance(role, iam.Role):
        for each in statements:
            role.add_to_principal_policy(each)
        return None
    given = node_of(role).try_find_child("InvokePolicy")
    policy = (
        iam.ManagedPolicy(role, "InvokePolicy", roles=[role])
        if given is None
        else cast("iam.ManagedPolicy", given)
    )
    policy.add_statements(*statements)
    return policy
