"""State machines run on simulated time, under their own role.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from .conftest import CONTEXT, make_function

WORKER = """
import time
seen = []
def handler(event, context):
    seen.append(event)
    if "sleep" in event:
        time.sleep(event["sleep"])
    if event.get("fail_until", 0) > len(seen):
        raise ConnectionError("not yet")
    return {"got": event, "count": len(seen)}
"""


@pytest.fixture
def machine(account):
    """Deploy a machine whose chain *make* builds from the stack and its worker."""

    def deploy(make, **options):
        stack = Stack(App(context=CONTEXT), "Shop")
        worker = make_function(stack, WORKER)
        body = sfn.DefinitionBody.from_chainable(make(stack, worker))
        sfn.StateMachine(stack, "Flow", definition_body=body, **options)
        deployed = account.deploy(stack)
        return deployed.state_machine("Flow"), deployed.function("Worker")

    return deploy


def task(stack, worker, id="Ask", **options):
    given = {"retry_on_service_exceptions": False, **options}
    return tasks.LambdaInvoke(stack, id, lambda_function=worker.live, **given)


def test_a_task_invokes_a_function_and_gets_its_payload(machine):
    """
    With the version that ran and status 200.
    """
    flow, worker = machine(task)

    ended = flow.run({"n": 1})

    assert "SUCCEEDED" == ended.status
    assert {"n": 1} == ended.output["Payload"]["got"]
    assert 200 == ended.output["StatusCode"]
    assert "1" == ended.output["ExecutedVersion"]
    assert [{"n": 1}] == [each.event for each in worker.invocations]


def test_a_function_is_a_resource_of_its_own(machine):
    """
    By its ARN the result is the payload alone.
    """

    def direct(stack, worker):
        state = {"Type": "Task", "Resource": worker.live.function_arn, "End": True}
        return sfn.CustomState(stack, "Ask", state_json=state)

    flow, worker = machine(direct)
    role = worker.account.client("iam").list_roles()["Roles"]
    name = next(each["RoleName"] for each in role if "FlowRole" in each["RoleName"])
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    worker.account.client("iam").put_role_policy(
        RoleName=name,
        PolicyName="Invoke",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )

    assert {"n": 1} == flow.run({"n": 1}).output["got"]


def test_the_machines_role_decides(account, machine):
    """
    Without lambda:InvokeFunction no task runs.
    """
    flow, worker = machine(task)
    iam = account.client("iam")
    for role in iam.list_roles()["Roles"]:
        if "FlowRole" in role["RoleName"]:
            found = iam.list_role_policies(RoleName=role["RoleName"])
            for name in found["PolicyNames"]:
                iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=name)

    ended = flow.run({})

    assert "FAILED" == ended.status
    assert "AccessDenied" in ended.error
    assert [] == worker.invocations
    assert "Flow" in {each.where for each in account.timeline if each.what == "denied"}


def test_an_error_is_named_by_its_type(machine):
    """
    The cause is the payload that Lambda reports.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    flow, _ = machine(task)

    ended = flow.run({"fail_until": 9})

    assert ("FAILED", "ConnectionError") == (ended.status, ended.error)
    assert "not yet" == json.loads(ended.cause)["errorMessage"]


def test_retries_back_off_on_simulated_time(account, machine):
    """
    10 s, then twice as long.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def retried(stack, worker):
        return task(stack, worker).add_retry(
            errors=["ConnectionError"],
            interval=Duration.seconds(10),
            max_attempts=3,
            backoff_rate=2,
        )

    flow, worker = machine(retried)

    assert "SUCCEEDED" == flow.run({"fail_until": 3}).status
    assert [0, 10, 30] == [round(each.at) for each in worker.invocations]


def test_a_throttle_can_be_caught_by_its_name(machine):
    """
    States.ALL would, too; the default retries of CDK do not name it.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def caught(stack, worker):
        name = "Lambda.TooManyRequestsException"
        return task(stack, worker).add_catch(
            sfn.Pass(stack, "Later"), errors=[name], result_path="$.error"
        )

    flow, worker = machine(caught)
    worker.throttle()

    ended = flow.run({"n": 1})

    assert "SUCCEEDED" == ended.status
    assert "Lambda.TooManyRequestsException" == ended.output["error"]["Error"]


def test_a_throttle_of_a_function_named_by_its_arn_has_the_same_name(machine):
    """
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def direct(stack, worker):
        state = {"Type": "Task", "Resource": worker.live.function_arn, "End": True}
        made = sfn.CustomState(stack, "Ask", state_json=state)
        unused = task(stack, worker, "Unused")  # for the permission
        return (
            sfn.Choice(stack, "Which")
            .when(sfn.Condition.is_present("$.n"), made)
            .otherwise(unused)
        )

    flow, worker = machine(direct)
    worker.throttle()

    assert "Lambda.TooManyRequestsException" == flow.run({"n": 1}).error
    assert 1 == flow.run({"n": 1}).output["count"]


def test_a_task_times_out_on_simulated_time(account, machine):
    """
    The function goes on; the state does not wait for it.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """
    options = {"task_timeout": sfn.Timeout.duration(Duration.seconds(2))}
    flow, _ = machine(lambda stack, worker: task(stack, worker, **options))

    ended = flow.run({"sleep": 5})

    assert ("FAILED", "States.Timeout") == (ended.status, ended.error)
    assert 2 == round(account.elapsed())


def test_waiting_takes_simulated_time(account, machine):
    """
    Other work of the account is done meanwhile.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
    """

    def wait(stack, worker):
        pause = sfn.WaitTime.duration(Duration.hours(24))
        return sfn.Wait(stack, "Day", time=pause).next(task(stack, worker))

    flow, worker = machine(wait)
    worker.invoke_async({"fail_until": 2})

    assert "SUCCEEDED" == flow.run({}).status
    assert [0, 60, 86_400] == [round(each.at) for each in worker.invocations]


def test_branches_run_at_the_same_time(account, machine):
    """
    The longest decides; results are in the order of the branches.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """

    def parallel(stack, worker):
        payloads = [sfn.TaskInput.from_object({"sleep": n}) for n in (5, 3)]
        branches = [
            task(stack, worker, f"Ask{n}", payload=payload, payload_response_only=True)
            for n, payload in enumerate(payloads)
        ]
        return sfn.Parallel(stack, "Both").branch(*branches)

    flow, _ = machine(parallel)

    ended = flow.run({})

    assert [5, 3] == [each["got"]["sleep"] for each in ended.output]
    assert 5 == round(account.elapsed())


def test_a_map_runs_as_many_at_once_as_it_may(account, machine):
    """
    Five items of 2 s, two at once, take 6 s.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """

    def each(stack, worker):
        every = sfn.Map(stack, "Each", max_concurrency=2)
        return every.item_processor(task(stack, worker, payload_response_only=True))

    flow, worker = machine(each)

    ended = flow.run([{"sleep": 2, "n": n} for n in range(5)])

    assert [0, 1, 2, 3, 4] == [each["got"]["n"] for each in ended.output]
    assert 6 == round(account.elapsed())
    assert [0, 0, 2, 2, 4] == [round(each.at) for each in worker.invocations]


def test_a_task_token_is_waited_for(account, machine):
    """
    Whoever has it sends the result.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """

    def token(stack, worker):
        return task(
            stack,
            worker,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            payload=sfn.TaskInput.from_object({"token": sfn.JsonPath.task_token}),
        )

    flow, worker = machine(token)
    arn = flow.start({})
    account.advance(3600)
    assert "RUNNING" == flow.execution(arn).status

    account.client("stepfunctions").send_task_success(
        taskToken=worker.invocations[0].event["token"], output='{"yes": true}'
    )
    account.settle()

    assert {"yes": True} == flow.execution(arn).output


def test_the_same_seed_gives_the_same_run(machine):
    """
    Nothing is left to threads.
    """

    def parallel(stack, worker):
        branches = [task(stack, worker, f"Ask{n}") for n in range(4)]
        return sfn.Parallel(stack, "All").branch(*branches)

    flow, _ = machine(parallel)

    ended = flow.run({})

    assert [1, 2, 3, 4] == [each["Payload"]["count"] for each in ended.output]
