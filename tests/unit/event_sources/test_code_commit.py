"""A repository that tells of changes: what it says, and what may not be said."""

from __future__ import annotations

import json

import pytest
from aws_cdk import App, Environment, Stack, Token
from aws_cdk import aws_codecommit as codecommit
from aws_cdk.assertions import Annotations, Match

from lambda_constructs import ConfigurationError
from lambda_constructs.event_sources import CodeCommitEventSource
from tests.unit.conftest import make_function, only, resources

REPOSITORY = "AWS::CodeCommit::Repository"
PERMISSION = "AWS::Lambda::Permission"
TRIGGER = codecommit.RepositoryEventTrigger
TOPIC = "arn:aws:sns:eu-west-1:111122223333:pushed"


def make_repository(stack: Stack, name: str = "Code") -> codecommit.Repository:
    return codecommit.Repository(stack, name, repository_name=name.lower())


@pytest.fixture
def repository(stack) -> codecommit.Repository:
    return make_repository(stack)


class TestDefaults:
    @pytest.fixture(scope="class")
    @classmethod
    def stack(cls) -> Stack:
        stack = Stack(App(), "Shop")
        worker = make_function(stack)
        worker.add_event_source(CodeCommitEventSource(make_repository(stack)))
        return stack

    def test_trigger_tells_the_live_alias_of_every_event(self, stack):
        """
        Of all branches, and under a name that CodeCommit accepts.
        """
        (trigger,) = only(stack, REPOSITORY)["Triggers"]

        assert "WorkerLive" in trigger["DestinationArn"]["Ref"]
        assert ["all"] == trigger["Events"]
        assert trigger["Name"].isalnum()
        assert not {"Branches", "CustomData"} & trigger.keys()

    def test_this_repository_of_this_account_may_invoke(self, stack):
        """
        CDK leaves the permission out.

        https://docs.aws.amazon.com/codecommit/latest/userguide/how-to-notify-lambda-cc.html
        """
        permission = only(stack, PERMISSION)

        assert "codecommit.amazonaws.com" == permission["Principal"]
        assert "lambda:InvokeFunction" == permission["Action"]
        assert "WorkerLive" in permission["FunctionName"]["Ref"]
        assert {"Ref": "AWS::AccountId"} == permission["SourceAccount"]
        arn = permission["SourceArn"]["Fn::Join"][1]
        assert (":codecommit:", ":code") == (arn[2], arn[-1])

    def test_no_push_comes_before_the_permission(self, stack):
        """
        Nor is there a cycle: its ARN is made of the repository's name.
        """
        (repository,) = resources(stack, REPOSITORY).values()
        (permission,) = resources(stack, PERMISSION)

        assert [permission] == repository["DependsOn"]
        assert "Fn::GetAtt" not in json.dumps(only(stack, PERMISSION))

    def test_failed_events_are_kept(self, stack):
        """
        CodeCommit invokes asynchronously.
        """
        assert ["live"] == [
            each["Properties"]["Qualifier"]
            for each in resources(stack, "AWS::Lambda::EventInvokeConfig").values()
        ]

    def test_nothing_is_warned_of(self, stack):
        """
        The short way is the right way.
        """
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


class TestOptions:
    def test_every_option_reaches_the_template(self, stack, worker, repository):
        """
        By AWS's own names.
        """
        worker.add_event_source(
            CodeCommitEventSource(
                repository,
                branches=["main", "release"],
                custom_data="x" * 1_000,
                events=[TRIGGER.CREATE_REF, TRIGGER.DELETE_REF],
                name="Pushed",
            )
        )

        (trigger,) = only(stack, REPOSITORY)["Triggers"]
        del trigger["DestinationArn"]
        assert {
            "Branches": ["main", "release"],
            "CustomData": "x" * 1_000,
            "Events": ["createReference", "deleteReference"],
            "Name": "Pushed",
        } == trigger

    def test_other_triggers_stay(self, stack, worker, repository):
        """
        Whoever else is told of a push is told of it as before.
        """
        repository.notify(TOPIC, name="Topic")

        worker.add_event_source(CodeCommitEventSource(repository))

        triggers = only(stack, REPOSITORY)["Triggers"]
        assert ["Topic", True] == [triggers[0]["Name"], len(triggers) == 2]

    def test_two_triggers_with_names_share_a_permission(
        self, stack, worker, repository
    ):
        """
        Each says something else of its branch.
        """
        for branch in ("main", "release"):
            worker.add_event_source(
                CodeCommitEventSource(
                    repository, branches=[branch], custom_data=branch, name=branch
                )
            )

        assert ["main", "release"] == [
            each["CustomData"] for each in only(stack, REPOSITORY)["Triggers"]
        ]
        assert 1 == len(resources(stack, PERMISSION))

    def test_two_repositories_and_two_functions_live_together(self, stack, worker):
        """
        Their ids and names differ.
        """
        other = make_function(stack, "Other")
        code, site = make_repository(stack), make_repository(stack, "Site")

        worker.add_event_source(CodeCommitEventSource(code))
        worker.add_event_source(CodeCommitEventSource(site))
        other.add_event_source(CodeCommitEventSource(code))

        assert 3 == len(resources(stack, PERMISSION))

    def test_a_repository_may_be_in_another_stack(self):
        """
        The permission names it without a reference back.
        """
        app = App()
        shop, code = Stack(app, "Shop"), Stack(app, "Code")

        make_function(shop).add_event_source(
            CodeCommitEventSource(make_repository(code))
        )

        app.synth()
        assert 1 == len(resources(shop, PERMISSION))

    def test_tokens_pass(self, stack, worker, repository):
        """
        What CloudFormation resolves later cannot be checked now.
        """
        token = Token.as_string({"Ref": "Text"})

        worker.add_event_source(
            CodeCommitEventSource(
                repository, branches=[token], custom_data=token, name=token
            )
        )

        (trigger,) = only(stack, REPOSITORY)["Triggers"]
        assert {"Ref": "Text"} == trigger["Name"] == trigger["CustomData"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"events": [TRIGGER.ALL, TRIGGER.UPDATE_REF]},
                "events must be ALL alone, or one or more others, got ['ALL', "
                "'UPDATE_REF']; leave events out to be told of all",
            ),
            (
                {"events": []},
                "events must be ALL alone, or one or more others, got []; leave "
                "events out to be told of all",
            ),
            (
                {"events": ["all"]},
                "events must be RepositoryEventTriggers of aws_codecommit, got 'all' "
                "(str)",
            ),
            (
                {"branches": "main"},
                "branches must be a list, got 'main' (str)",
            ),
            (
                {"branches": ["b"] * 11},
                "branches must be between 0 and 10, got 11; leave them out for all",
            ),
            (
                {"branches": ["refs/heads/main"]},
                "branches must be short names, got 'refs/heads/main'; pass 'main'",
            ),
            (
                {"branches": [""]},
                "branch '' must be between 1 and 256 characters, got 0 characters",
            ),
            (
                {"custom_data": "x" * 1_001},
                "custom_data must be between 0 and 1,000 characters, got 1,001 "
                "characters",
            ),
            (
                {"name": "on push"},
                "name must be 1 to 100 letters, digits, '.', '_' and '-', got "
                "'on push'; leave it out, or shorten it",
            ),
        ],
    )
    def test_fails_if_a_value_is_out_of_range(self, repository, options, message):
        """
        https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
        """
        with pytest.raises(ConfigurationError) as error:
            CodeCommitEventSource(repository, **options)

        assert message == str(error.value)

    def test_fails_if_it_is_no_repository(self):
        """
        In the user's words.
        """
        with pytest.raises(ConfigurationError, match="must be a CodeCommit reposit"):
            CodeCommitEventSource("code")

    def test_fails_if_the_repository_is_imported(self, stack, worker):
        """
        CloudFormation cannot add a trigger to it; EventBridge tells of it too.
        """
        code = codecommit.Repository.from_repository_name(stack, "Code", "code")

        with pytest.raises(ConfigurationError) as error:
            worker.add_event_source(CodeCommitEventSource(code))

        assert (
            "Shop/Worker: Shop/Code must be defined in the app, got an imported "
            "repository, to which CloudFormation adds no trigger; use an "
            "EventBridgeEventSource for the event 'CodeCommit Repository State "
            "Change' of 'aws.codecommit'"
        ) == str(error.value)

    def test_fails_if_there_are_ten_triggers(self, worker, repository):
        """
        https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
        """
        for number in range(10):
            repository.notify(TOPIC, name=f"Topic{number}")

        with pytest.raises(ConfigurationError, match="at most 10 triggers, got one"):
            worker.add_event_source(CodeCommitEventSource(repository))

    def test_fails_if_the_name_is_taken(self, worker, repository):
        """
        A second trigger for one function has to name itself.
        """
        worker.add_event_source(CodeCommitEventSource(repository))

        with pytest.raises(ConfigurationError, match="pass a distinct name= to this"):
            worker.add_event_source(CodeCommitEventSource(repository))

    def test_fails_if_the_repository_is_in_another_region(self):
        """
        https://docs.aws.amazon.com/codecommit/latest/APIReference/API_PutRepositoryTriggers.html
        """
        app = App()
        shop = Stack(app, "Shop", env=Environment(region="eu-west-1"))
        code = Stack(app, "Code", env=Environment(region="eu-west-2"))

        with pytest.raises(ConfigurationError, match="Region eu-west-1, got eu-west-2"):
            make_function(shop).add_event_source(
                CodeCommitEventSource(make_repository(code))
            )
