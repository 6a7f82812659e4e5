"""What the hook behind a repository promises."""

from __future__ import annotations

import json

import pytest

from stacks.repository_hook import RepositoryHookStack
from tests.contracts.repository_hook import KEY_ID, contract
from tests.synthesized import Synthesized

pytestmark = pytest.mark.xdist_group("assembly")


@pytest.fixture
def stack(assembly) -> Synthesized:
    return assembly["repository_hook"]


def test_pushes_are_told_and_deletions_are_not(stack):
    """
    There is nothing to search in a branch that went.
    """
    (repository,) = stack.properties("AWS::CodeCommit::Repository")
    (trigger,) = repository["Triggers"]

    assert ["createReference", "updateReference"] == trigger["Events"]
    assert "HookLive" in trigger["DestinationArn"]["Ref"]


def test_only_this_repository_may_invoke(stack):
    """
    CDK gives no permission at all.
    """
    (permission,) = stack.properties("AWS::Lambda::Permission")
    arn = json.dumps(permission["SourceArn"])

    assert "codecommit.amazonaws.com" == permission["Principal"]
    assert ":repositoryhook-code" in arn
    assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]


def test_hook_reads_the_repository_and_writes_nothing_to_it(stack):
    """
    It tells of a secret; people take it out.
    """
    policy = stack.named("AWS::IAM::ManagedPolicy", "HookPolicy")["PolicyDocument"]
    (reading,) = [
        each["Action"]
        for each in policy["Statement"]
        if "codecommit:" in json.dumps(each["Action"])
    ]

    assert {
        "codecommit:GetBlob",
        "codecommit:GetCommit",
        "codecommit:GetDifferences",
    } == set(reading)


def test_findings_are_encrypted_by_a_key_that_rotates(stack):
    """
    They say where secrets are.
    """
    key = stack.named("AWS::KMS::Key", "Key")
    topic = stack.named("AWS::SNS::Topic", "Findings")

    assert key["EnableKeyRotation"] is True
    assert "Key" in str(topic["KmsMasterKeyId"])


class TestDriven:
    """The hook at work, under its own role and Lambda's own rules."""

    @pytest.fixture
    def shop(self, account):
        return account.deploy(RepositoryHookStack)

    def test_a_secret_is_told_of_though_a_later_commit_removes_it(self, account, shop):
        """
        All commits of a push are searched, each of them once.
        """
        code = shop.repository("Code")
        code.push(files={"README.md": "# Code"}, event="createReference")
        bad = code.commit(files={"config.py": f"KEY = '{KEY_ID}'"})
        code.push(files={"config.py": None})
        account.settle()

        findings = {
            item["commit"]: json.loads(item["findings"])
            for item in shop.table("Commits").items()
        }
        assert 3 == len(findings)
        assert [{"path": "config.py", "rule": "AWS access key", "line": 1}] == (
            findings.pop(bad)
        )
        assert [[], []] == list(findings.values())
        assert 1 == len(shop.topic("Findings").messages())

    def test_an_event_that_comes_twice_tells_once(self, account, shop):
        """
        What is checked is remembered.
        """
        shop.function("Hook").deliver_twice()

        shop.repository("Code").push(files={"config.py": KEY_ID})
        account.settle()

        assert 2 == len(shop.function("Hook").invocations)
        assert 1 == len(shop.topic("Findings").messages())

    def test_a_failing_repository_delays_and_loses_nothing(self, account, shop):
        """
        Lambda tries again, a minute later.
        """
        account.fail_calls("codecommit", "GetBlob", "EncryptionKeyUnavailableException")

        shop.repository("Code").push(files={"config.py": KEY_ID})
        account.settle()

        assert 1 == len(shop.topic("Findings").messages())

    def test_a_deleted_branch_is_not_told(self, account, shop):
        """
        The trigger leaves it out.
        """
        shop.repository("Code").push(event="deleteReference")
        account.settle()

        assert [] == shop.function("Hook").invocations

    def test_every_grant_is_needed_and_none_is_missing(self, account, shop):
        """
        A push that no attempt could check is kept.
        """
        contract(shop)

        account.assert_least_privilege()
