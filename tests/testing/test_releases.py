"""CodeDeploy moves the traffic of an alias, or puts it back.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-steps-lambda.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs

from lambda_constructs import AsyncInvoke, Deployment, ProvisionedConcurrency
from lambda_constructs.event_sources import SqsEventSource
from lambda_constructs.testing._alarms import is_in_alarm, is_modelled
from lambda_constructs.testing.errors import AccountError

from .conftest import CONTEXT, make_function

ECHO = "def handler(event, context): return context.function_version"

BROKEN = {"index.py": "def handler(event, context): raise ValueError('broken')"}

HOOK = """
import boto3, os
def handler(event, context):
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if os.environ["NEW_VERSION"].endswith(":3") else "Succeeded",
    )
"""
"""Refuses the third version, and no other."""

LOST = {
    "Namespace": "Shop",
    "MetricName": "Lost",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}
"""Two of three minutes with more than one."""


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=CONTEXT), "Shop")


def own_alarm(stack, **options) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(
        namespace="Shop",
        metric_name="Lost",
        statistic="Sum",
        period=Duration.minutes(1),
    )
    given = {"metric": metric, "threshold": 0, "evaluation_periods": 1, **options}
    operator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    return cloudwatch.Alarm(stack, "Lost", comparison_operator=operator, **given)


def lose(account, count: float = 1) -> None:
    account.client("cloudwatch").put_metric_data(
        Namespace="Shop", MetricData=[{"MetricName": "Lost", "Value": count}]
    )


def test_linear_steps_are_equal_and_end_with_everything(account, stack):
    """
    By a configuration of the stack's own: 40, 80, 100 percent.
    """
    shift = Deployment.linear(percentage=40, interval=Duration.minutes(2))
    make_function(stack, ECHO, deployment=shift)
    release = account.deploy(stack).release("Worker")

    seen = []
    for _ in range(3):
        account.advance(1)
        seen.append(release.traffic.get("2"))
        account.advance(119)
    account.settle()

    assert [0.4, 0.8, 1.0] == seen
    assert "Succeeded" == release.status


def test_all_at_once_takes_no_time(account, stack):
    """
    And the next release begins where it ended.
    """
    make_function(stack, ECHO, deployment=Deployment.all_at_once())
    shop = account.deploy(stack)

    for version in ("2", "3"):
        release = shop.release("Worker")
        account.settle()

        assert ("Succeeded", {version: 1.0}) == (release.status, release.traffic)
        assert version == shop.function("Worker").invoke({}).payload


def test_a_hook_is_told_of_each_version_anew(account, stack):
    """
    Its environment names the version, as the template does.
    """
    hook = make_function(stack, HOOK, id="Hook")
    make_function(stack, ECHO, deployment=Deployment.all_at_once(before_traffic=hook))
    shop = account.deploy(stack)

    first = shop.release("Worker")
    account.settle()
    second = shop.release("Worker")
    account.settle()

    assert ["Succeeded", "Failed"] == [first.status, second.status]
    assert {"2": 1.0} == second.traffic
    assert {"2"} == {shop.function("Worker").invoke({}).payload}


def test_a_hook_after_the_traffic_can_put_it_back(account, stack):
    """
    When all of it has come already.
    """
    hook = make_function(stack, HOOK, id="Hook")
    shift = Deployment.canary(interval=Duration.minutes(1), after_traffic=hook)
    make_function(stack, ECHO, deployment=shift)
    shop = account.deploy(stack)
    shop.release("Worker")
    account.settle()

    release = shop.release("Worker")
    account.settle()

    assert "Failed" == release.status
    assert {"2": 1.0} == release.traffic
    assert "100 % to version 3" in str(account.timeline)


def test_a_hook_answers_once(account, stack):
    """
    LifecycleEventAlreadyCompletedException, by botocore's model.
    """
    hook = make_function(stack, HOOK, id="Hook", async_invoke=AsyncInvoke())
    make_function(stack, ECHO, deployment=Deployment.all_at_once(before_traffic=hook))
    shop = account.deploy(stack)
    shop.function("Hook").deliver_twice()

    release = shop.release("Worker")
    account.settle()

    assert "Succeeded" == release.status
    assert "LifecycleEventAlreadyCompletedException" in str(
        [each.outcome.payload for each in shop.function("Hook").invocations]
    )


def test_an_alarm_that_is_red_lets_no_release_begin(account, stack):
    """
    No traffic, and no hook.
    """
    shift = Deployment.canary(alarms=[own_alarm(stack)])
    make_function(stack, ECHO, deployment=shift)
    shop = account.deploy(stack)
    lose(account)

    release = shop.release("Worker")
    account.settle()

    assert ("Stopped", {"1": 1.0}) == (release.status, release.traffic)
    assert "Lost is in alarm" == release.reason
    assert [] == shop.function("Worker").invocations


def test_an_alarm_of_one_s_own_puts_traffic_back(account, stack):
    """
    By a metric that a handler sends, within a minute of its coming.
    """
    shift = Deployment.canary(alarms=[own_alarm(stack)])
    make_function(stack, ECHO, deployment=shift)
    release = account.deploy(stack).release("Worker")
    account.advance(70)

    lose(account)
    account.advance(60)

    assert ("Stopped", {"1": 1.0}) == (release.status, release.traffic)


def test_errors_of_the_old_version_are_none_of_the_release(account, stack):
    """
    The dimension is the version that ran.
    """
    make_function(stack, BROKEN["index.py"], deployment=Deployment.canary())
    shop = account.deploy(stack)
    release = shop.release("Worker", files={"index.py": ECHO})
    account.advance(1)

    for _ in range(20):
        shop.function("Worker").invoke({})
    account.settle()

    assert 10 < shop.function("Worker").metrics["Errors"].sum
    assert ("Succeeded", {"2": 1.0}) == (release.status, release.traffic)


def test_fails_if_codedeploy_may_not_update_the_alias(account, stack):
    """
    Its role is asked, as for every call of it.
    """
    worker = make_function(stack, ECHO, deployment=Deployment.all_at_once())
    worker.release.policy.node.default_child.policy_document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "lambda:GetAlias", "Resource": "*"}
        ],
    }
    release = account.deploy(stack).release("Worker")
    account.settle()

    assert "Failed" == release.status
    assert "may not lambda:UpdateAlias" in release.reason


def test_fails_if_there_is_no_deployment(account, stack):
    """
    The message says what to pass.
    """
    make_function(stack, ECHO)
    shop = account.deploy(stack)

    with pytest.raises(AccountError, match=r"no deployment by CodeDeploy; pass deploy"):
        shop.release("Worker")


def test_what_is_not_modelled_is_listed(account, stack):
    """
    Metric math, what other services measure, and environments that wait.
    """
    worker = make_function(
        stack,
        ECHO,
        deployment=Deployment.canary(),
        provisioned_concurrency=ProvisionedConcurrency(min_capacity=1),
    )
    worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))

    account.deploy(stack)

    assert {
        "Worker/Deployment/DeadLetters": "the state of such an alarm",
        "Worker/Live": "provisioned concurrency",
    } == account.unmodelled


class TestAlarms:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html."""

    def after(self, account, *minutes: float, **changes: object) -> bool:
        """Lose so many in each minute; tell the alarm's state in the last."""
        for number, count in enumerate(minutes):
            if number:
                account.advance(60)
            if count:
                lose(account, count)
        return is_in_alarm(account, {**LOST, **changes})

    @pytest.mark.parametrize(
        ("minutes", "red"),
        [
            ((2, 2, 0), True),
            ((2, 0, 2), True),
            ((2, 0, 0), False),
            ((1, 1, 1), False),
            ((2, 2, 0, 0, 0), False),
        ],
    )
    def test_enough_of_the_last_periods_have_to_breach(self, account, minutes, red):
        """
        Two of three.
        """
        assert red is self.after(account, *minutes)

    def test_missing_data_are_what_the_alarm_says(self, account):
        """
        Nothing lost is good, unless it is to be bad.
        """
        assert not self.after(account, 0, 0, 0)
        assert self.after(account, 0, 0, 0, TreatMissingData="breaching")

    def test_a_percentile_is_of_all_values(self, account):
        """
        99 of 100.
        """
        for value in range(1, 101):
            lose(account, value)
        p99 = {"ExtendedStatistic": "p99", "Statistic": None, "EvaluationPeriods": 1}

        assert is_in_alarm(
            account, {**LOST, **p99, "DatapointsToAlarm": 1, "Threshold": 98}
        )
        assert not is_in_alarm(
            account, {**LOST, **p99, "DatapointsToAlarm": 1, "Threshold": 99}
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"Namespace": "AWS/SQS"},
            {"Namespace": "AWS/Lambda"},
            {"MetricName": None},
            {"Statistic": "IQM"},
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
        ],
    )
    def test_others_are_not_modelled(self, changes):
        """
        They are never red, and listed.
        """
        assert is_modelled(LOST)
        assert not is_modelled({**LOST, **changes})


def test_a_stopped_release_leaves_the_poller_alone(account, stack):
    """
    A queue goes on with the version before.
    """
    worker = make_function(
        stack,
        "def handler(event, context): ...",
        deployment=Deployment.canary(percentage=99),
    )
    worker.add_event_source(SqsEventSource(sqs.Queue(stack, "Queue")))
    shop = account.deploy(stack)
    release = shop.release("Worker", files=BROKEN)
    account.advance(1)

    shop.queue("Queue").send(*range(3))
    account.settle()

    assert "Stopped" == release.status
    assert [] == shop.queue("Queue").bodies()
    assert [] == shop.queue("Queue/DeadLetters").bodies()
