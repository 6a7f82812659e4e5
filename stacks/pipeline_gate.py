"""A pipeline with a gate: no change is released while changes are frozen."""

from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IConstruct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import CodePipelineEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

SITE = "site.zip"


class PipelineGateStack(Stack):
    """`Drop/site.zip` is released into `Site`, unless a freeze holds it back."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id, description="A pipeline that respects freezes")
        Monitoring(topic=on_call(self)).apply_to(self)

        drop = self._bucket("Drop")
        artifacts = self._bucket("Artifacts", expiration=Duration.days(30))
        site = self._bucket("Site")
        freezes = ssm.StringParameter(
            self,
            "Freezes",
            description="JSON: a list of objects with from, until and reason",
            string_value="[]",
        )

        gate = LambdaFunction(
            self,
            "Gate",
            code=handler_code("pipeline_gate"),
            timeout=Duration.seconds(20),
            environment={"FREEZES_PARAMETER": freezes.parameter_name},
        )
        gate.allow("ssm:GetParameter", on=freezes)

        role = self._role("PipelineRole", "codepipeline")
        trusted = cast("iam.IPrincipal", iam.ArnPrincipal(role.role_arn))
        check_role = iam.Role(self, "CheckRole", assumed_by=trusted)
        change = codepipeline.Artifact("Change")
        fetch = actions.S3SourceAction(
            action_name="Fetch",
            bucket=drop,
            bucket_key=SITE,
            output=change,
            trigger=actions.S3Trigger.NONE,  # by the rule below
        )
        check = gate.add_event_source(
            CodePipelineEventSource(
                "CheckFreezes",
                role=check_role,
                user_parameters={"max_wait_minutes": 8 * 60},
            )
        )
        release = actions.S3DeployAction(
            action_name="Release", bucket=site, input=change
        )
        pipeline = codepipeline.Pipeline(
            self,
            "Pipeline",
            artifact_bucket=artifacts,
            cross_account_keys=False,
            pipeline_type=codepipeline.PipelineType.V2,
            # CDK would add wildcards to it, inline.
            role=role.without_policy_updates(),
            use_pipeline_role_for_actions=True,
        )
        for action in (fetch, check, release):
            name = action.action_properties.action_name
            pipeline.add_stage(stage_name=name, actions=[action])
        policy = self._allow_pipeline(role, drop, artifacts, site)
        invoke = check_role.node.find_child("InvokePolicy")
        resource = cast("codepipeline.CfnPipeline", pipeline.node.default_child)
        # The role, which CDK adds, is named by the pipeline anyway.
        resource.add_override("DependsOn", [logical_id(invoke), logical_id(policy)])
        # Watched with the function's own.
        gate.failure_queues.append(self._start_when_dropped(pipeline, drop))

    def _bucket(self, id: str, *, expiration: Duration | None = None) -> s3.Bucket:
        return s3.Bucket(
            self,
            id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expiration=expiration,
                    noncurrent_version_expiration=Duration.days(30),
                )
            ],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
        )

    def _role(self, id: str, service: str) -> iam.Role:
        """Trust a service, as far as it works for this account."""
        ours = {"StringEquals": {"aws:SourceAccount": self.account}}
        trusted = iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=ours)
        return iam.Role(self, id, assumed_by=cast("iam.IPrincipal", trusted))

    def _allow(
        self, role: iam.Role, *allowed: tuple[list[str], list[str]]
    ) -> iam.ManagedPolicy:
        """Say all that a role may do in one policy of the account's own."""
        return iam.ManagedPolicy(
            role,
            "Policy",
            roles=[cast("iam.IRole", role)],
            statements=[
                iam.PolicyStatement(actions=names, resources=resources)
                for names, resources in allowed
            ],
        )

    def _allow_pipeline(
        self,
        role: iam.Role,
        drop: s3.Bucket,
        artifacts: s3.Bucket,
        site: s3.Bucket,
    ) -> iam.ManagedPolicy:
        """Allow what each action needs; the check's role trusts this one by name.

        https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
        """
        read = ["s3:GetObject", "s3:GetObjectVersion"]
        look = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
        write = ["s3:PutObject", "s3:PutObjectAcl"]
        return self._allow(
            role,
            (look, [drop.bucket_arn, artifacts.bucket_arn]),
            (read, [drop.arn_for_objects(SITE), artifacts.arn_for_objects("*")]),
            (write, [artifacts.arn_for_objects("*")]),
            (["s3:PutObject"], [site.arn_for_objects("*")]),
        )

    def _start_when_dropped(
        self, pipeline: codepipeline.Pipeline, drop: s3.Bucket
    ) -> sqs.Queue:
        """Start it by a rule, and give the queue of what started nothing."""
        # On the resource, since CDK's own option is a custom resource.
        bucket = cast("s3.CfnBucket", drop.node.default_child)
        enabled = s3.CfnBucket.EventBridgeConfigurationProperty(
            event_bridge_enabled=True
        )
        bucket.notification_configuration = (
            s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=enabled
            )
        )
        role = self._role("StartRole", "events")
        start = ["codepipeline:StartPipelineExecution"]
        self._allow(role, (start, [pipeline.pipeline_arn]))
        undelivered = sqs.Queue(
            self,
            "Undelivered",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            redrive_allow_policy=sqs.RedriveAllowPolicy(
                redrive_permission=sqs.RedrivePermission.ALLOW_ALL
            ),
            retention_period=Duration.days(14),
        )
        target = targets.CodePipeline(
            pipeline,
            dead_letter_queue=undelivered,
            event_role=role.without_policy_updates(),
        )
        events.Rule(
            self,
            "Dropped",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [drop.bucket_name]},
                    "object": {"key": [SITE]},
                },
            ),
            targets=[cast("events.IRuleTarget", target)],
        )
        return undelivered


def logical_id(policy: IConstruct) -> str:
    """Give the name of a policy in the template."""
    resource = policy.node.default_child
    assert isinstance(resource, iam.CfnManagedPolicy)  # noqa: S101
    return resource.logical_id
