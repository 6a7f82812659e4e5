"""A job of S3 Batch Operations invokes a function for each object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
"""

from __future__ import annotations

import pytest
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lambda_constructs.testing import AccountError

from .conftest import CONTEXT, make_function

WORKER = """
tries = []
def handler(event, context):
    [task] = event["tasks"]
    key = task["s3Key"]
    tries.append(key)
    if key == "crash":
        raise RuntimeError("crash")
    code = "PermanentFailure" if key == "bad" else "Succeeded"
    if key == "later" and tries.count(key) < 2:
        code = "TemporaryFailure"
    results = [{"taskId": task["taskId"], "resultCode": code, "resultString": key}]
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [] if key == "silent" else results,
        **({"invocationId": "other"} if key == "other" else {}),
    }
"""


@pytest.fixture
def run(account):
    """Run a job over the given keys and give its tasks and the stack."""

    def run(
        *keys,
        schema="1.0",
        invoke=True,
        etag=None,
        principal="batchoperations.s3",
        scope="AllTasks",
        throttles=0,
    ):
        stack = Stack(App(context=CONTEXT), "Shop")
        function = make_function(stack, WORKER)
        service = iam.ServicePrincipal(f"{principal}.amazonaws.com")
        role = iam.Role(stack, "Role", assumed_by=service)
        bucket = s3.Bucket(stack, "Bucket", removal_policy=RemovalPolicy.DESTROY)
        bucket.grant_read_write(role)
        if invoke:
            function.live.grant_invoke(role)
        CfnOutput(stack, "Function", value=function.live.function_arn)
        CfnOutput(stack, "RoleArn", value=role.role_arn)
        deployed = account.deploy(stack)
        bucket = deployed.bucket("Bucket")
        lines = "".join(f"{bucket.name},{key}\n" for key in keys)
        bucket.put("manifest.csv", lines)
        head = account.client("s3").head_object(Bucket=bucket.name, Key="manifest.csv")
        operation = {
            "FunctionArn": deployed.outputs["Function"],
            "InvocationSchemaVersion": schema,
        }
        if schema == "2.0":
            operation["UserArguments"] = {"a": "b"}
        deployed.function("Worker").throttle(times=throttles)
        tasks = account.run_batch_job(
            {
                "AccountId": account.id,
                "Operation": {"LambdaInvoke": operation},
                "Manifest": {
                    "Spec": {
                        "Format": "S3BatchOperations_CSV_20180820",
                        "Fields": ["Bucket", "Key"],
                    },
                    "Location": {
                        "ObjectArn": f"arn:aws:s3:::{bucket.name}/manifest.csv",
                        "ETag": etag or head["ETag"],
                    },
                },
                "Report": {
                    "Enabled": True,
                    "Bucket": f"arn:aws:s3:::{bucket.name}",
                    "Prefix": "reports",
                    "ReportScope": scope,
                },
                "Priority": 1,
                "RoleArn": deployed.outputs["RoleArn"],
            }
        )
        return deployed, tasks

    return run


def test_each_object_is_a_task(run):
    """
    Schema 1.0 names the bucket's ARN; keys are URL-encoded.
    """
    stack, tasks = run("a", "b%20c")

    assert ["a", "b c"] == [each.key for each in tasks]
    assert {"Succeeded"} == {each.code for each in tasks}
    first = stack.function("Worker").invocations[0].event
    bucket = stack.bucket("Bucket").name
    assert "1.0" == first["invocationSchemaVersion"]
    assert f"arn:aws:s3:::{bucket}" == first["tasks"][0]["s3BucketArn"]
    second = stack.function("Worker").invocations[1].event
    assert "b%20c" == second["tasks"][0]["s3Key"]


def test_schema_2_names_the_bucket_and_has_arguments(run):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
    """
    stack, _ = run("a", schema="2.0")

    event = stack.function("Worker").invocations[0].event
    assert stack.bucket("Bucket").name == event["tasks"][0]["s3Bucket"]
    assert {"a": "b"} == event["job"]["userArguments"]


def test_a_task_ends_as_the_function_says(run):
    """
    A temporary failure is tried again, a permanent one is not.
    """
    stack, tasks = run("bad", "later", "silent", "crash")

    expected = ["PermanentFailure", "Succeeded", "PermanentFailure", "TemporaryFailure"]
    assert expected == [each.code for each in tasks]
    events = [each.event for each in stack.function("Worker").invocations]
    keys = [each["tasks"][0]["s3Key"] for each in events]
    assert ["bad", "later", "later", "silent", *["crash"] * 3] == keys


def test_the_report_has_every_task(run):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-job-status.html
    """
    stack, _ = run("a", "bad")

    bucket = stack.bucket("Bucket")
    [key] = [each for each in bucket.keys() if each.startswith("reports/job-")]  # noqa: SIM118
    rows = bucket.read(key).decode().splitlines()
    assert rows[0].endswith('"a","","succeeded","","200","a"')
    assert rows[1].endswith('"bad","","failed","PermanentFailure","","bad"')


def test_the_report_may_have_failed_tasks_alone(run):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_JobReport.html
    """
    stack, _ = run("a", "bad", scope="FailedTasksOnly")

    bucket = stack.bucket("Bucket")
    [key] = [each for each in bucket.keys() if each.startswith("reports/job-")]  # noqa: SIM118
    assert 1 == len(bucket.read(key).decode().splitlines())


def test_a_response_for_another_invocation_fails_the_task(run):
    """
    It has to repeat the schema and the id of the request.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
    """
    _, [task] = run("other")

    assert "PermanentFailure" == task.code
    assert "does not repeat invocationId" in task.message


def test_a_throttle_is_tried_again(run):
    """
    It is a temporary failure.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
    """
    _, [task] = run("a", throttles=2)

    assert "Succeeded" == task.code


def test_the_jobs_role_decides(run):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
    """
    stack, [task] = run("a", invoke=False)

    assert "PermanentFailure" == task.code
    assert "AccessDeniedException" in task.message
    assert [] == stack.function("Worker").invocations


def test_the_role_has_to_trust_s3_batch(run):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
    """
    with pytest.raises(AccountError, match="may not assume"):
        run("a", principal="s3")


def test_the_manifest_is_the_one_that_was_named(run):
    """
    By its ETag.
    """
    with pytest.raises(AccountError, match="ETag"):
        run("a", etag="other")
