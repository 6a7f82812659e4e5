"""What the pipeline with a gate promises."""

from __future__ import annotations

import json

import pytest

from stacks.pipeline_gate import PipelineGateStack
from tests.contracts.pipeline_gate import contract, freeze
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["pipeline_gate"]


def allowed(stack: Synthesized, policy: str) -> set[str]:
    statements = stack.named("AWS::IAM::ManagedPolicy", policy)["PolicyDocument"]
    return {
        action
        for each in statements["Statement"]
        for action in (
            [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        )
    }


def test_nothing_is_released_that_the_gate_has_not_passed(stack):
    """
    Three stages, one after the other.
    """
    (pipeline,) = stack.properties("AWS::CodePipeline::Pipeline")

    assert ["S3", "Lambda", "S3"] == [
        stage["Actions"][0]["ActionTypeId"]["Provider"] for stage in pipeline["Stages"]
    ]
    assert "V2" == pipeline["PipelineType"]


def test_the_gate_s_role_may_invoke_the_alias_and_nothing_else(stack):
    """
    And the pipeline alone may use it.
    """
    role = stack.named("AWS::IAM::Role", "CheckRole")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert {"lambda:InvokeFunction"} == allowed(stack, "CheckRoleInvokePolicy")
    assert "PipelineRole" in str(trust["Principal"]["AWS"])


def test_the_pipeline_may_do_what_its_actions_need(stack):
    """
    https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
    """
    assert {
        "s3:GetBucketAcl",
        "s3:GetBucketLocation",
        "s3:GetBucketVersioning",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:PutObjectAcl",
    } == allowed(stack, "PipelineRolePolicy")


def test_buckets_are_private_encrypted_versioned_and_take_tls_only(stack):
    """
    S3 sources need versions; the artifacts are no less guarded than what they become.
    """
    buckets = list(stack.properties("AWS::S3::Bucket"))

    assert 3 == len(buckets)
    for bucket in buckets:
        assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
        assert bucket["BucketEncryption"]
        assert "Enabled" == bucket["VersioningConfiguration"]["Status"]
    policies = json.dumps([*stack.properties("AWS::S3::BucketPolicy")])
    assert 3 == policies.count("aws:SecureTransport")


def test_a_dropped_site_starts_the_pipeline_and_nothing_polls(stack):
    """
    The bucket tells EventBridge itself, without a custom resource.
    """
    (rule,) = stack.properties("AWS::Events::Rule")
    drop = stack.named("AWS::S3::Bucket", "Drop")

    assert ["site.zip"] == rule["EventPattern"]["detail"]["object"]["key"]
    assert drop["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert {"codepipeline:StartPipelineExecution"} == allowed(stack, "StartRolePolicy")


class TestDriven:
    """The gate at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(PipelineGateStack)

    @pytest.fixture
    def gate(self, shop):
        return shop.pipeline_action("Pipeline", "CheckFreezes")

    def test_a_change_passes_when_nothing_is_frozen(self, account, shop, gate):
        """
        At once.
        """
        job = gate.run()
        account.advance(1)

        assert "Succeeded" == job.status

    def test_a_change_waits_for_the_end_of_a_freeze(self, account, shop, gate):
        """
        Longer than a function, or an action without an answer, may take.
        """
        freeze(shop, 0.5)

        job = gate.run()
        account.advance(29 * 60)
        assert "InProgress" == job.status
        account.advance(2 * 60)

        assert "Succeeded" == job.status

    def test_a_change_that_would_wait_too_long_is_refused(self, account, shop, gate):
        """
        It is told why.
        """
        freeze(shop, 9)

        job = gate.run()
        account.advance(1)

        assert "Failed" == job.status
        assert "Christmas" in job.answer["failureDetails"]["message"]

    def test_an_event_that_comes_twice_is_answered_once(self, account, shop, gate):
        """
        The second finds the job answered.
        """
        shop.function("Gate").deliver_twice()

        job = gate.run()
        account.advance(1)

        assert "Succeeded" == job.status
        assert ["ok", "ok"] == [
            each.outcome.kind for each in shop.function("Gate").invocations
        ]

    def test_a_gate_that_is_killed_is_made_up_for(self, account, shop, gate):
        """
        Lambda's retry answers, a minute later.
        """
        shop.function("Gate").time_out()

        job = gate.run()
        account.advance(120)

        assert "Succeeded" == job.status

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        A job that no attempt could answer fails the action, and is kept.
        """
        contract(shop)

        account.assert_least_privilege()
