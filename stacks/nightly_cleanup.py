"""A task of the operators, every night: stop, release and delete what nobody owns."""

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from lambda_constructs import LambdaFunction, Monitoring
from lambda_constructs.event_sources import ScheduleEventSource
from stacks._handlers import handler_code
from stacks._on_call import on_call

TAG = "Owner"


class NightlyCleanupStack(Stack):
    """What has the tag `Owner` is safe: the function's policy does not let it touch it.

    It begins as a dry run, which asks EC2 whether it might and changes nothing. A run
    with failures ends in `Cleaner/Failures` after two more tries; one that could not be
    started, in `Cleaner/ScheduleUndelivered`.
    """

    def __init__(self, scope: Construct, id: str, *, dry_run: bool = True) -> None:
        super().__init__(scope, id, description="Cleans up at night")
        Monitoring(topic=on_call(self)).apply_to(self)

        cleaner = LambdaFunction(
            self,
            "Cleaner",
            code=handler_code("nightly_cleanup"),
            timeout=Duration.minutes(15),
            environment={
                "DRY_RUN": "true" if dry_run else "false",
                "REQUIRED_TAG": TAG,
                "VOLUME_DAYS": "30",
            },
        )
        for action, kind in (
            ("ec2:DeleteVolume", "volume"),
            ("ec2:ReleaseAddress", "elastic-ip"),
            ("ec2:StopInstances", "instance"),
        ):
            cleaner.policy.add_statements(
                iam.PolicyStatement(
                    actions=[action],
                    resources=[
                        self.format_arn(service="ec2", resource=kind, resource_name="*")
                    ],
                    conditions={"Null": {f"aws:ResourceTag/{TAG}": "true"}},
                )
            )
        # EC2 has no resources that a policy could name for these.
        cleaner.policy.add_statements(
            iam.PolicyStatement(
                actions=[
                    "ec2:DescribeAddresses",
                    "ec2:DescribeInstances",
                    "ec2:DescribeVolumes",
                ],
                resources=["*"],
                conditions={"StringEquals": {"aws:RequestedRegion": self.region}},
            )
        )
        cleaner.add_event_source(
            ScheduleEventSource(
                scheduler.ScheduleExpression.cron(
                    hour="3", minute="0", time_zone=TimeZone.EUROPE_BERLIN
                ),
                # Later than this, it is day, and the next night comes anyway.
                max_event_age=Duration.hours(2),
            )
        )
