"""Nothing is hidden from the tools, and none of them may be blind."""

from __future__ import annotations

import json

import pytest

from tests.audit.commands import TOOLS, picked, without_canary
from tests.audit.findings import found
from tests.audit.policies import filled, policies_of
from tests.audit.templates import Template, canary, refuse_silencers
from tests.e2e.errors import CommandError, UsageError


def template(folder, resources) -> Template:
    path = folder / "Shop.template.json"
    path.write_text(json.dumps({"Resources": resources}))
    return Template(path)


class TestSilencers:
    @pytest.mark.parametrize("name", ["cfn-lint", "checkov", "cdk_nag", "guard"])
    def test_fails_if_a_template_silences_a_tool(self, tmp_path, name):
        """
        What is accepted is in one list, with its reason.
        """
        queue = {"Type": "AWS::SQS::Queue", "Metadata": {name: {}}}

        with pytest.raises(CommandError, match=f"Shop/Queue has metadata of {name}"):
            refuse_silencers(template(tmp_path, {"Queue": queue}))

    def test_other_metadata_is_none_of_its_business(self, tmp_path):
        """
        CDK writes some on every function.
        """
        queue = {"Type": "AWS::SQS::Queue", "Metadata": {"aws:cdk:path": "Shop/Queue"}}

        refuse_silencers(template(tmp_path, {"Queue": queue}))


class TestCanary:
    def test_what_is_found_in_the_canary_is_not_ours(self):
        """
        It is there to be found.
        """
        ours = found("checkov", "CKV_1", "Shop/Queue", "no queue")
        proof = found("checkov", "CKV_53", "Canary/Bucket", "public")

        assert [ours] == without_canary("checkov", "CKV_53", [proof, ours])

    def test_fails_if_a_tool_overlooks_it(self):
        """
        No finding is what a broken tool has, too.
        """
        with pytest.raises(CommandError, match="did not find CKV_53 in the canary"):
            without_canary("checkov", "CKV_53", [])

    def test_every_tool_has_a_fault_to_find(self):
        """
        Each names the rule that it has to find there.
        """
        assert all(module.CANARY for module in TOOLS.values())

    def test_its_policy_is_what_parliament_reads(self, tmp_path):
        """
        An action that does not exist.
        """
        ((where, document),) = policies_of(canary(tmp_path))

        assert "Policy" == where
        assert "s3:NoSuchAction" == document["Statement"][0]["Action"]


class TestPolicies:
    def test_references_are_filled_in(self, tmp_path):
        """
        A linter of policies reads ARNs.
        """
        shop = template(tmp_path, {"Bucket": {"Type": "AWS::S3::Bucket"}})
        objects = {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]}

        assert "arn:aws:s3:::bucket/*" == filled(objects, shop)
        assert "111122223333" == filled({"Ref": "AWS::AccountId"}, shop)

    def test_fails_if_a_reference_is_unknown(self, tmp_path):
        """
        A policy that is not looked at would look fine.
        """
        shop = template(tmp_path, {"Api": {"Type": "AWS::AppSync::GraphQLApi"}})

        with pytest.raises(CommandError, match="no Arn is known of a AWS::AppSync"):
            filled({"Fn::GetAtt": ["Api", "Arn"]}, shop)
        with pytest.raises(CommandError, match="no value is known for"):
            filled({"Fn::ImportValue": "x"}, shop)


def test_fails_if_a_tool_is_unknown():
    """
    The message tells the nearest.
    """
    with pytest.raises(UsageError, match="did you mean checkov"):
        picked(["checkof"])
