"""The relabeler: rules, versions, what is tried again, and what is not."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

KEY = "invoices/2026/a b+c.pdf"
RULE = {"prefix": "invoices/", "set": {"retention": "10y"}, "remove": ["draft"]}


class Relabeler:
    """The handler after a cold start, and a bucket with one object."""

    def __init__(self, cold_start: ColdStart) -> None:
        self.s3: Any = boto3.client("s3")
        place = {"LocationConstraint": "eu-west-1"}
        self.s3.create_bucket(Bucket="documents", CreateBucketConfiguration=place)
        self.s3.put_bucket_versioning(
            Bucket="documents", VersioningConfiguration={"Status": "Enabled"}
        )
        self.version = self.put("draft=yes&team=shop")
        self.module: ModuleType = cold_start("batch_relabel")

    def put(self, tags: str = "", key: str = KEY) -> str:
        """Put an object and give its version."""
        made = self.s3.put_object(Bucket="documents", Key=key, Body=b"", Tagging=tags)
        return str(made["VersionId"])

    def tags(self, version: str | None = None) -> dict[str, str]:
        place = {"VersionId": version} if version else {}
        found = self.s3.get_object_tagging(Bucket="documents", Key=KEY, **place)
        return {each["Key"]: each["Value"] for each in found["TagSet"]}

    def run(
        self, *, rules: object = (RULE,), raw: str | None = None, **task: Any
    ) -> tuple[str, str]:
        """Invoke for the object; give the code of the result, and its text."""
        made = event("s3_batch")
        made["tasks"][0] |= task
        made["job"]["userArguments"] = {
            "rules": json.dumps(rules) if raw is None else raw
        }
        answer = self.module.handler(made, LambdaContext())
        (result,) = answer["results"]
        assert made["invocationId"] == answer["invocationId"]
        assert made["tasks"][0]["taskId"] == result["taskId"]
        return result["resultCode"], result["resultString"]

    def fail(self, operation: str, status: int, code: str) -> None:
        """Answer each attempt of a call with an error."""

        def act(request: Any, **_: object) -> AWSResponse:
            body = f"<Error><Code>{code}</Code></Error>".encode()
            raw = io.BytesIO(body)
            raw.stream = lambda *_, **__: [body]  # type: ignore[attr-defined]
            request.url = "http://127.0.0.1"  # moto processes what is sent to AWS
            return AWSResponse(request.url, status, {}, raw)  # type: ignore[arg-type]

        events = self.module.s3.meta.events
        events.register_first(f"before-send.s3.{operation}", act)


@pytest.fixture
def relabeler(aws: None, cold_start: ColdStart) -> Relabeler:
    return Relabeler(cold_start)


class TestRules:
    def test_tags_are_set_and_removed_and_others_stay(self, relabeler):
        """
        The key is URL-encoded in the event.
        """
        assert ("Succeeded", "relabeled") == relabeler.run()

        assert {"retention": "10y", "team": "shop"} == relabeler.tags()

    def test_a_task_that_comes_twice_changes_nothing(self, relabeler):
        """
        S3 Batch may repeat it.
        """
        relabeler.run()

        assert ("Succeeded", "unchanged") == relabeler.run()
        assert {"retention": "10y", "team": "shop"} == relabeler.tags()

    def test_the_first_rule_that_fits_is_the_one(self, relabeler):
        """
        So the special ones go first.
        """
        special = {"prefix": "invoices/2026/", "set": {"retention": "1y"}}
        other = {"prefix": "other/", "set": {"retention": "0y"}}

        relabeler.run(rules=[other, special, RULE])

        assert "1y" == relabeler.tags()["retention"]

    def test_what_no_rule_fits_stays_as_it_is(self, relabeler):
        """
        It is not even read.
        """
        assert ("Succeeded", "no rule fits") == relabeler.run(rules=[])

        assert {"draft": "yes", "team": "shop"} == relabeler.tags()

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "no JSON",
            "{}",
            '[{"set": {}}]',
            '[{"prefix": "", "sets": {}}]',
            '[{"prefix": "", "set": {"": ""}}]',
            '[{"prefix": "", "set": {"k": "<"}}]',
        ],
    )
    def test_a_job_without_rules_fails_for_good(self, relabeler, raw):
        """
        Another attempt would have none either.
        """
        code, text = relabeler.run(raw=raw)

        assert "PermanentFailure" == code
        assert text.startswith("the job has no rules: ")

    def test_more_than_ten_tags_fail_for_good(self, relabeler):
        """
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
        """
        rule = {"prefix": "", "set": {f"k{n}": "v" for n in range(9)}}

        assert ("PermanentFailure", "11 tags are too many") == (
            relabeler.run(rules=[rule])
        )
        assert {"draft": "yes", "team": "shop"} == relabeler.tags()


class TestVersions:
    def test_a_version_that_is_named_is_the_one(self, relabeler):
        """
        A newer one is not touched.
        """
        newest = relabeler.put("draft=no")

        relabeler.run(s3VersionId=relabeler.version)

        assert "draft" not in relabeler.tags(relabeler.version)
        assert {"draft": "no"} == relabeler.tags(newest)

    def test_without_one_the_newest_is(self, relabeler):
        """
        As S3 Batch says.
        """
        newest = relabeler.put("draft=no")

        relabeler.run()

        assert {"retention": "10y"} == relabeler.tags(newest)
        assert "draft" in relabeler.tags(relabeler.version)

    def test_a_version_that_comes_between_is_not_touched(self, relabeler):
        """
        The tags that were read are those of the version that is written.
        """
        events = relabeler.module.s3.meta.events
        newer: list[str] = []
        events.register(
            "before-call.s3.PutObjectTagging",
            lambda **_: newer.append(relabeler.put("draft=no")),
        )

        assert "Succeeded" == relabeler.run()[0]

        assert {"draft": "no"} == relabeler.tags(newer[0])
        assert "retention" in relabeler.tags(relabeler.version)

    def test_schema_1_is_understood_for_its_bucket(self, relabeler):
        """
        A job of schema 1.0 brings no rules, and says so.
        """
        made = event("s3_batch")
        del made["job"]["userArguments"], made["tasks"][0]["s3Bucket"]
        made["invocationSchemaVersion"] = "1.0"
        made["tasks"][0]["s3BucketArn"] = "arn:aws:s3:::documents"

        answer = relabeler.module.handler(made, LambdaContext())

        assert "1.0" == answer["invocationSchemaVersion"]
        assert "PermanentFailure" == answer["results"][0]["resultCode"]


class TestFailures:
    @pytest.mark.parametrize(
        ("task", "text"),
        [
            ({"s3Key": "invoices/gone.pdf"}, "the object is gone"),
            ({"s3VersionId": "nosuchversion"}, "the version is gone"),
            ({"s3Bucket": "nowhere"}, "NoSuchBucket"),
        ],
    )
    def test_what_is_gone_fails_for_good(self, relabeler, task, text):
        """
        It will not come back.
        """
        code, found = relabeler.run(**task)

        assert "PermanentFailure" == code
        assert found in (text, "the version is none of S3's")

    def test_a_deleted_object_fails_for_good(self, relabeler):
        """
        Its newest version is a delete marker.
        """
        relabeler.s3.delete_object(Bucket="documents", Key=KEY)

        assert "PermanentFailure" == relabeler.run()[0]

    @pytest.mark.parametrize("operation", ["GetObjectTagging", "PutObjectTagging"])
    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (503, "SlowDown", "TemporaryFailure"),
            (500, "InternalError", "TemporaryFailure"),
            (409, "OperationAborted", "TemporaryFailure"),
            (400, "RequestTimeout", "TemporaryFailure"),
            (403, "AccessDenied", "PermanentFailure"),
            (400, "InvalidTag", "PermanentFailure"),
        ],
    )
    def test_what_may_pass_is_tried_again(
        self, relabeler, monkeypatch, operation, status, code, expected
    ):
        """
        And what will not is not.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
        """
        monkeypatch.setattr("time.sleep", lambda _: None)
        relabeler.fail(operation, status, code)

        found, _ = relabeler.run()

        assert expected == found

    def test_a_call_that_hangs_is_tried_again(self, relabeler, monkeypatch):
        """
        A timeout is no answer.
        """

        def hang(**_: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://s3")

        monkeypatch.setattr(relabeler.module.s3, "get_object_tagging", hang)

        assert ("TemporaryFailure", "ReadTimeoutError") == relabeler.run()

    def test_what_nobody_thought_of_is_an_error(self, relabeler, monkeypatch):
        """
        It counts in the metric that alarms watch.
        """

        def break_(**_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(relabeler.module.s3, "get_object_tagging", break_)

        with pytest.raises(ZeroDivisionError):
            relabeler.run()


def test_the_log_has_no_rules_and_no_tags(aws, cold_start):
    """
    They may be anybody's.
    """
    said = io.StringIO()
    with redirect_stdout(said):
        Relabeler(cold_start).run()

    assert "relabeled" in said.getvalue()
    assert "retention" not in said.getvalue()
