"""The judge of buckets: by their tags, each time they change and once a day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.conftest import ColdStart
from tests.handlers.conftest import LambdaContext
from tests.handlers.events import event

IRELAND = {"LocationConstraint": "eu-west-1"}
TAGS = {"owner": "billing", "cost-center": "42"}


@dataclass
class Judge:
    """The handler after a cold start, and what it told Config."""

    module: ModuleType
    calls: list[dict[str, Any]] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        # moto takes evaluations in test mode alone.
        self.module.config.put_evaluations = self.put

    def put(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        return {"FailedEvaluations": self.failed}

    def judge(self, name: str, item: dict[str, Any] | None = None, **more: Any) -> None:
        given = event(name) | more
        if item is not None:
            invoking = json.loads(given["invokingEvent"])
            (key,) = {"configurationItem", "configurationItemSummary"} & set(invoking)
            invoking[key] |= item
            given["invokingEvent"] = json.dumps(invoking)
        self.module.handler(given, LambdaContext())

    @property
    def verdicts(self) -> list[tuple[str, str, str]]:
        return [
            (
                each["ComplianceResourceId"],
                each["ComplianceType"],
                each.get("Annotation", ""),
            )
            for call in self.calls
            for each in call["Evaluations"]
        ]


@pytest.fixture
def judge(cold_start: ColdStart) -> Judge:
    return Judge(cold_start("compliance_rule"))


def tagged(**tags: str) -> dict[str, Any]:
    sets = {"tagSets": [{"tags": tags}]} if tags else None
    return {"supplementaryConfiguration": {"BucketTaggingConfiguration": sets}}


def make_bucket(name: str, **tags: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=IRELAND)
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})


def test_a_bucket_with_the_tags_complies(judge):
    """
    The verdict has no annotation, which Config would refuse if it were empty.
    """
    judge.judge("config_change")

    assert [
        {
            "Evaluations": [
                {
                    "ComplianceResourceType": "AWS::S3::Bucket",
                    "ComplianceResourceId": "invoices",
                    "ComplianceType": "COMPLIANT",
                    "OrderingTimestamp": "2026-11-21T10:00:00.000Z",
                }
            ],
            "ResultToken": event("config_change")["resultToken"],
            "TestMode": False,
        }
    ] == judge.calls


@pytest.mark.parametrize(
    ("item", "missing"),
    [
        (tagged(owner="billing"), "cost-center"),
        (tagged(), "cost-center, owner"),
        ({"supplementaryConfiguration": {}}, "cost-center, owner"),
    ],
)
def test_a_bucket_without_them_does_not(judge, item, missing):
    """
    The annotation says which.
    """
    judge.judge("config_change", item)

    note = f"tags are missing: {missing}"
    assert [("invoices", "NON_COMPLIANT", note)] == judge.verdicts


@pytest.mark.parametrize("name", ["config_change", "config_oversized_change"])
@pytest.mark.parametrize(
    "status", ["ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"]
)
def test_a_bucket_that_is_gone_is_not_judged(judge, name, status):
    """
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules-delete.html
    """
    judge.judge(name, {"configurationItemStatus": status})

    assert [("invoices", "NOT_APPLICABLE", "")] == judge.verdicts


def test_a_bucket_that_left_the_scope_is_not_judged(judge):
    """
    https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config_develop-rules_example-events.html
    """
    judge.judge("config_change", tagged(), eventLeftScope=True)

    assert [("invoices", "NOT_APPLICABLE", "")] == judge.verdicts


def test_what_is_too_large_for_an_event_is_fetched(judge):
    """
    By the API, which has texts where events have JSON.
    """
    make_bucket("invoices", owner="billing")

    judge.judge("config_oversized_change")

    note = "tags are missing: cost-center"
    assert [("invoices", "NON_COMPLIANT", note)] == judge.verdicts


def test_what_is_deleted_before_it_is_fetched_is_not_judged(judge):
    """
    The event is older than the answer.
    """
    judge.judge("config_oversized_change")

    assert [("invoices", "NOT_APPLICABLE", "")] == judge.verdicts


def test_once_a_day_every_bucket_is_judged_a_hundred_at_a_time(judge):
    """
    Config takes a hundred evaluations in a call.
    """
    assert 100 == judge.module.AT_ONCE
    judge.module.AT_ONCE = 3
    for number in range(5):
        make_bucket(f"b-{number:03}", **(TAGS if number else {}))

    judge.judge("config_schedule")

    assert [3, 2] == [len(call["Evaluations"]) for call in judge.calls]
    first, *others = judge.verdicts
    assert ("b-000", "NON_COMPLIANT") == first[:2]
    assert {"COMPLIANT"} == {verdict for _, verdict, _ in others}
    (at,) = {
        each["OrderingTimestamp"]
        for call in judge.calls
        for each in call["Evaluations"]
    }
    assert "2026-11-21T10:00:01.000Z" == at


def test_an_account_without_buckets_has_nothing_to_tell(judge):
    """
    Config would refuse to describe none.
    """
    judge.judge("config_schedule")

    assert [] == judge.calls


def test_an_annotation_is_cut_to_what_config_takes(judge):
    """
    256 characters.
    """
    names = ",".join(f"tag-number-{number}" for number in range(30))
    parameters = json.dumps({"requiredTags": names})

    judge.judge("config_change", ruleParameters=parameters)

    ((_, _, note),) = judge.verdicts
    assert 256 == len(note)
    assert note.endswith("...")


def test_a_test_by_hand_tells_config_so(judge):
    """
    https://docs.aws.amazon.com/config/latest/APIReference/API_PutEvaluations.html
    """
    judge.judge("config_change", resultToken="TESTMODE")

    assert [True] == [call["TestMode"] for call in judge.calls]


def test_fails_if_config_does_not_take_an_evaluation(judge):
    """
    Lambda tries again.
    """
    judge.failed = [{}]

    with pytest.raises(RuntimeError, match="did not take 1 evaluations"):
        judge.judge("config_change")


@pytest.mark.parametrize("parameters", ["{}", '{"requiredTags": " , "}'])
def test_fails_if_the_rule_requires_nothing(judge, parameters):
    """
    A rule that every bucket obeys would hide a mistake.
    """
    with pytest.raises(ValueError, match="must have requiredTags"):
        judge.judge("config_change", ruleParameters=parameters)


def test_fails_if_config_does_not_describe_every_bucket(judge, monkeypatch):
    """
    Else some would go without a verdict, unseen.
    """
    make_bucket("invoices")
    answer = {"baseConfigurationItems": [], "unprocessedResourceKeys": [{}]}
    monkeypatch.setattr(
        judge.module.config, "batch_get_resource_config", lambda **_: answer
    )

    with pytest.raises(RuntimeError, match="did not describe every bucket"):
        judge.judge("config_schedule")
