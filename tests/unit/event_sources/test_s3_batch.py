"""Batch jobs: their role, what CreateJob is asked for, and what cannot work."""

from __future__ import annotations

import json

import botocore.session
import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match
from botocore.validate import validate_parameters

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import (
    S3BatchEventSource,
    S3EventSource,
    S3NotificationEventSource,
)
from tests.unit.conftest import allowed, make_function, resources, statements

POLICY = "WorkerS3BatchPolicy"
INVENTORY = "S3InventoryReport_CSV_20161130"


@pytest.fixture(scope="module")
def bucket() -> s3.Bucket:
    return s3.Bucket(Stack(App(), "Other"), "Bucket")


def fault(bucket, **options) -> str:
    with pytest.raises(ConfigurationError) as error:
        S3BatchEventSource(bucket, **options)
    return str(error.value)


def request(stack, jobs) -> dict:
    """The request as CloudFormation resolves it, the references by their ids."""
    found = stack.resolve(jobs.create_job_json)
    parts = [
        each if isinstance(each, str) else str(next(iter(each.values())))
        for each in found["Fn::Join"][1]
    ]
    return json.loads("".join(parts).replace("['", "").replace("', 'Arn']", ""))


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def jobs(cls):
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        return worker.add_event_source(S3BatchEventSource(s3.Bucket(stack, "Bucket")))

    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls, jobs) -> Stack:
        return Stack.of(jobs)

    def test_jobs_invoke_the_live_alias_by_schema_2(self, stack, jobs):
        """
        Never $LATEST; a job in progress goes over to a new version with the alias.
        """
        operation = request(stack, jobs)["Operation"]["LambdaInvoke"]

        assert "2.0" == operation["InvocationSchemaVersion"]
        assert operation["FunctionArn"].startswith("WorkerLive")

    def test_request_is_what_create_job_takes(self, stack, jobs):
        """
        But for the place of the manifest and the token of the request.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html
        """
        found = request(stack, jobs)
        found["Manifest"]["Location"] = {"ObjectArn": "arn:aws:s3:::b/k", "ETag": "e"}
        found["ClientRequestToken"] = "token"
        model = botocore.session.get_session().get_service_model("s3control")
        shape = model.operation_model("CreateJob").input_shape

        validate_parameters(found, shape)
        assert found["ConfirmationRequired"] is True
        assert 10 == found["Priority"]
        assert "AWS::AccountId" == found["AccountId"]
        assert {
            "Format": "S3BatchOperations_CSV_20180820",
            "Fields": ["Bucket", "Key"],
        } == found["Manifest"]["Spec"]

    def test_every_task_is_in_the_report(self, stack, jobs):
        """
        It is the one store of what failed.
        """
        report = request(stack, jobs)["Report"]

        assert "AllTasks" == report["ReportScope"]
        assert "reports" == report["Prefix"]
        assert report["Bucket"].startswith("Bucket")

    def test_role_may_invoke_read_manifests_and_write_reports(self, stack, jobs):
        """
        Each on exactly its prefix.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-iam-role-policies.html
        """
        granted = {
            (str(each["Action"]), str(each["Resource"]).rpartition(", ")[2])
            for each in statements(stack, POLICY)
        }
        (alias,) = resources(stack, "AWS::Lambda::Alias")

        assert {
            ("lambda:InvokeFunction", f"{{'Ref': '{alias}'}}"),
            ("['s3:GetObject', 's3:GetObjectVersion']", "'/manifests/*']]}"),
            ("s3:PutObject", "'/reports/*']]}"),
        } == granted

    def test_role_trusts_s3_batch_for_this_account(self, stack, jobs):
        """
        Another account's job could else invoke by it.
        """
        (role,) = [
            each["Properties"]
            for name, each in resources(stack, "AWS::IAM::Role").items()
            if name.startswith("WorkerS3BatchRole")
        ]
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]

        assert {"Service": "batchoperations.s3.amazonaws.com"} == statement["Principal"]
        assert {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}} == (
            statement["Condition"]
        )
        assert not {"ManagedPolicyArns", "Policies"} & role.keys()

    def test_function_may_do_nothing_more_and_needs_no_resource_policy(
        self, stack, jobs
    ):
        """
        The role of the job is the permission.
        """
        assert set() == allowed(stack, "Bucket", "WorkerPolicy")
        assert {} == resources(stack, "AWS::Lambda::Permission")

    def test_nothing_is_warned_of(self, stack, jobs):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def jobs(cls):
        stack = Stack(App(), "Shop")
        return make_function(stack).add_event_source(
            S3BatchEventSource(
                s3.Bucket(stack, "Manifests"),
                confirmation_required=False,
                description="Retag",
                fields=["Bucket", "Ignore", "Key", "VersionId"],
                id="Retag",
                manifest_prefix="in/",
                priority=99,
                report_bucket=s3.Bucket(
                    stack, "Reports", encryption_key=kms.Key(stack, "Key")
                ),
                report_prefix="out",
                report_scope="FailedTasksOnly",
                tags={"team": "shop"},
                user_arguments={"class": "cold"},
            )
        )

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls, jobs) -> dict:
        return request(Stack.of(jobs), jobs)

    def test_each_reaches_the_request(self, found):
        """
        In the words of the API.
        """
        assert found["ConfirmationRequired"] is False
        assert "Retag" == found["Description"]
        assert 99 == found["Priority"]
        assert [{"Key": "team", "Value": "shop"}] == found["Tags"]
        assert {"class": "cold"} == found["Operation"]["LambdaInvoke"]["UserArguments"]
        assert ["Bucket", "Ignore", "Key", "VersionId"] == (
            found["Manifest"]["Spec"]["Fields"]
        )

    def test_reports_have_a_bucket_of_their_own(self, found):
        """
        With its prefix and scope.
        """
        report = found["Report"]

        assert report["Bucket"].startswith("Reports")
        assert ("out", "FailedTasksOnly") == (report["Prefix"], report["ReportScope"])

    def test_each_bucket_is_allowed_what_is_its_own(self, jobs):
        """
        The key of the reports through S3 alone.
        """
        stack, policy = Stack.of(jobs), "WorkerRetagPolicy"

        assert {"s3:GetObject", "s3:GetObjectVersion"} == (
            allowed(stack, "Manifests", policy)
        )
        assert {"s3:PutObject"} == allowed(stack, "Reports", policy)
        assert {"kms:Decrypt", "kms:GenerateDataKey"} == allowed(stack, "'Key", policy)
        assert "kms:ViaService" in str(statements(stack, policy))


def test_an_inventory_names_its_columns_itself(stack, worker):
    """
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_JobManifestSpec.html
    """
    jobs = worker.add_event_source(
        S3BatchEventSource(
            s3.Bucket(stack, "Bucket"),
            manifest_format=INVENTORY,
            schema_version="1.0",
        )
    )

    found = request(stack, jobs)
    assert {"Spec": {"Format": INVENTORY}} == found["Manifest"]
    assert "1.0" == found["Operation"]["LambdaInvoke"]["InvocationSchemaVersion"]


def test_there_may_be_no_report(stack, worker):
    """
    Then the role writes none.
    """
    jobs = worker.add_event_source(
        S3BatchEventSource(s3.Bucket(stack, "Bucket"), report_scope=None)
    )

    assert {"Enabled": False} == request(stack, jobs)["Report"]
    assert "s3:PutObject" not in allowed(stack, "Bucket", POLICY)


def test_two_on_one_function_coexist(stack, worker):
    """
    Each with a role of its own, if they name themselves.
    """
    bucket = s3.Bucket(stack, "Bucket")
    first = worker.add_event_source(S3BatchEventSource(bucket))
    second = worker.add_event_source(S3BatchEventSource(bucket, id="Other"))

    assert first.role.node.path != second.role.node.path
    with pytest.raises(ConfigurationError, match="'Other' is the id of another"):
        worker.add_event_source(S3BatchEventSource(bucket, id="Other"))


def test_tokens_pass(stack, worker):
    """
    CloudFormation knows them later.
    """
    text = Token.as_string({"Ref": "Text"})
    jobs = worker.add_event_source(
        S3BatchEventSource(
            s3.Bucket(stack, "Bucket"),
            description=text,
            manifest_prefix=text,
            priority=Token.as_number({"Ref": "Number"}),
            report_prefix=text,
            tags={"k": text},
            user_arguments={"k": text},
        )
    )

    assert "Number" in str(stack.resolve(jobs.create_job_json))


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"priority": -1}, "priority must be between 0 and 2,147,483,647, got -1"),
            ({"priority": 1.5}, "priority must be a whole number"),
            ({"description": "x" * 257}, "description must be at most 256 characters"),
            ({"fields": ["Bucket"]}, "fields must name Bucket and Key"),
            ({"fields": ["Bucket", "Key", "Key"]}, "and none twice"),
            ({"fields": ["Bucket", "Name"]}, "got 'Name'"),
            ({"fields": "Bucket"}, "fields must be a list"),
            ({"schema_version": "3.0"}, "must be '1.0' or '2.0', got '3.0'"),
            ({"report_scope": "All"}, "report_scope must be 'AllTasks' or"),
            ({"manifest_format": "CSV"}, "manifest_format must be"),
            ({"report_prefix": "out/"}, "without a slash at its end, got 'out/'"),
            ({"report_prefix": "x" * 513}, "report_prefix must be at most 512"),
            ({"report_prefix": None}, "report_prefix must not be None; leave it out"),
            ({"confirmation_required": 1}, "must be True or False"),
            ({"tags": {"k" * 129: ""}}, "each key of tags must be 1 to 128"),
            ({"user_arguments": {"k": None}}, "user_arguments['k'] must be 0 to 1,024"),
            ({"user_arguments": {"k": "v" * 1_025}}, "got 1,025"),
            ({"user_arguments": {"k": 1}}, "user_arguments['k'] must be text"),
            (
                {"user_arguments": {str(n): "" for n in range(11)}},
                "user_arguments must be at most 10, got 11",
            ),
            ({"fields": None}, "fields must not be None; leave it out"),
            ({"tags": None}, "tags must not be None; leave it out for its default"),
            ({"user_arguments": None}, "user_arguments must not be None; leave it"),
            ({"priority": None}, "priority must not be None; leave it out"),
            ({"confirmation_required": None}, "confirmation_required must not be None"),
            (
                {"tags": {"aws:team": "shop"}},
                "each key of tags must not begin with 'aws:', got 'aws:team', which is "
                "for AWS's own; rename it",
            ),
            ({"report_bucket": "b"}, "report_bucket must be an S3 bucket, got 'b'"),
        ],
    )
    def test_fails_if_an_option_is_out_of_range(self, bucket, options, message):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_CreateJob.html
        """
        assert message in fault(bucket, **options)

    def test_fails_if_the_subject_is_no_bucket(self):
        """
        A name is not enough for exact grants.
        """
        assert "manifests must be an S3 bucket, got 'b'; pass the bucket itself" == (
            fault("b")
        )

    def test_fails_if_there_is_a_bucket_for_no_reports(self, stack, bucket):
        """
        One of the two is not meant.
        """
        reports = s3.Bucket(stack, "Reports")

        assert fault(bucket, report_bucket=reports, report_scope=None) == (
            "report_bucket needs a report_scope, got None, by which nothing is "
            "reported; pass 'AllTasks', or leave report_bucket out"
        )

    def test_fails_if_schema_1_is_to_bring_arguments(self, bucket):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_LambdaInvokeOperation.html
        """
        assert "user_arguments need schema_version 2.0" in (
            fault(bucket, schema_version="1.0", user_arguments={"k": "v"})
        )

    def test_fails_if_the_function_serves_events_of_s3(self, stack, worker):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
        """
        bucket = s3.Bucket(stack, "Bucket", bucket_name="shop")
        worker.add_event_source(S3NotificationEventSource(bucket))

        with pytest.raises(ConfigurationError, match="got S3NotificationEventSource"):
            worker.add_event_source(S3BatchEventSource(bucket))

    def test_fails_if_it_serves_them_later(self, stack, worker):
        """
        The order does not matter.
        """
        bucket = s3.Bucket(stack, "Bucket")
        worker.add_event_source(S3BatchEventSource(bucket))
        worker.add_event_source(S3EventSource(bucket))

        with pytest.raises(RuntimeError, match="got S3EventSource beside it"):
            App.of(stack).synth()

    def test_fails_if_the_function_keeps_tenants_apart(self, stack):
        """
        No task names a tenant.
        """
        tenants = make_function(stack, tenancy_config=lambda_.TenancyConfig.PER_TENANT)

        with pytest.raises(ConfigurationError, match="takes no events"):
            tenants.add_event_source(S3BatchEventSource(s3.Bucket(stack, "Bucket")))

    def test_warns_of_manifests_that_are_encrypted_with_kms(self, stack, worker):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html
        """
        bucket = s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
        worker.add_event_source(S3BatchEventSource(bucket))

        Annotations.from_stack(stack).has_warning(
            "*", Match.string_like_regexp("no such CSV.*s3-batch-manifest-key")
        )
        assert {"kms:Decrypt", "kms:GenerateDataKey"} == allowed(stack, "'Key", POLICY)
