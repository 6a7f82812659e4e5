"""AWS CodeCommit: a trigger of the repository invokes when branches or tags change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import cast

from aws_cdk import IResolvable, Names
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_lambda as lambda_

from lambda_constructs import limits
from lambda_constructs._known import (
    function_arn_of,
    node_of,
    path_of,
    resource_of,
    stack_of,
)
from lambda_constructs.errors import (
    ConfigurationError,
    check_fields,
    check_range,
    check_type,
    is_token,
    literal,
)
from lambda_constructs.event_sources._push import allow_invoke, keep_failures
from lambda_constructs.event_sources._relations import check_same
from lambda_constructs.function import LambdaFunction

__all__ = ["CodeCommitEventSource"]

ALL = codecommit.RepositoryEventTrigger.ALL


@dataclass(frozen=True)
class CodeCommitEventSource:
    """Be told of each change to a repository's branches and tags.

    The event names the references that changed and their new commits, and nothing of
    what is in them. It comes after the push, which it cannot refuse.

    Attributes:
        repository: The repository, defined in the app.
        branches: The branches to tell of, up to 10. Left out, all, and tags.
        custom_data: A text that each event carries, up to 1,000 characters.
        events: What to tell of: `ALL` alone, or any of the others.
        name: The trigger's name: letters, digits, `.`, `_` and `-`, up to 100. Left
            out, it is made of the function's path; a second trigger of one repository
            for one function has to have one.

    Raises:
        ConfigurationError: A value is out of range, or `ALL` is not alone.
    """

    repository: codecommit.Repository | codecommit.IRepository
    _: KW_ONLY
    branches: Sequence[str] = ()
    custom_data: str | None = None
    events: Sequence[codecommit.RepositoryEventTrigger] = (ALL,)
    name: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_types()
        self._check_events()
        self._check_branches()
        length = len(literal(self.custom_data) or "")
        most = limits.CODE_COMMIT_CUSTOM_DATA_CHARACTERS
        check_range("custom_data", length, 0, most, unit="characters")
        name = literal(self.name)
        if name is not None and not limits.CODE_COMMIT_TRIGGER_NAME.fullmatch(name):
            raise ConfigurationError(
                "name must be 1 to 100 letters, digits, '.', '_' and '-', got "
                f"{name!r}; leave it out, or shorten it"
            )

    def bind(self, function: LambdaFunction, /) -> lambda_.CfnPermission:
        """Add the trigger; give the permission by which it invokes *function*.

        Raises:
            ConfigurationError: The repository is imported, in another Region, or has
                ten triggers already.
        """
        repository, resource = self._defined(function)
        check_same("Region", function, self.repository, "define both in one")
        name = self.name or Names.unique_resource_name(
            function, max_length=limits.CODE_COMMIT_TRIGGER_NAME_CHARACTERS
        )
        self._check_triggers(function, resource, name)
        keep_failures(function)
        permission = self._allow(function, resource)
        repository.notify(
            function_arn_of(function.live),
            branches=list(self.branches) or None,
            custom_data=self.custom_data,
            events=list(self.events),
            # CDK's own would be the path and the ARN, whose characters are refused.
            name=name,
        )
        # So that no push comes before the permission.
        node_of(resource).add_dependency(permission)
        return permission

    def _check_types(self) -> None:
        if not hasattr(self.repository, "repository_arn"):
            raise ConfigurationError(
                "repository must be a CodeCommit repository, got "
                f"{self.repository!r}; pass the repository itself"
            )
        for name in ("branches", "events"):
            value = getattr(self, name)
            held = isinstance(value, Sequence) and not isinstance(value, str)
            check_type(name, value, "a list", holds=held)
        for name in ("custom_data", "name"):
            held = isinstance(getattr(self, name), str)
            check_type(name, getattr(self, name), "text", holds=held)

    def _check_events(self) -> None:
        for each in self.events:
            if not isinstance(each, codecommit.RepositoryEventTrigger):
                raise ConfigurationError(
                    "events must be RepositoryEventTriggers of aws_codecommit, got "
                    f"{each!r} ({type(each).__name__})"
                )
        if not self.events or (ALL in self.events and len(self.events) > 1):
            names = [each.name for each in self.events]
            raise ConfigurationError(
                f"events must be ALL alone, or one or more others, got {names}; "
                "leave events out to be told of all"
            )

    def _check_branches(self) -> None:
        count, most = len(self.branches), limits.CODE_COMMIT_BRANCHES
        check_range("branches", count, 0, most, remedy="leave them out for all")
        for each in self.branches:
            check_type("branches", each, "names", holds=isinstance(each, str))
            if is_token(each):
                continue
            if each.startswith("refs/"):
                raise ConfigurationError(
                    f"branches must be short names, got {each!r}; pass "
                    f"{each.removeprefix('refs/heads/')!r}"
                )
            length = limits.CODE_COMMIT_BRANCH_CHARACTERS
            check_range(f"branch {each!r}", len(each), *length, unit="characters")

    def _defined(
        self, function: LambdaFunction
    ) -> tuple[codecommit.Repository, codecommit.CfnRepository]:
        resource = resource_of(self.repository)
        if not isinstance(resource, codecommit.CfnRepository):
            raise ConfigurationError(
                f"{path_of(self.repository)} must be defined in the app, got an "
                "imported repository, to which CloudFormation adds no trigger; use "
                "an EventBridgeEventSource for the event 'CodeCommit Repository State "
                "Change' of 'aws.codecommit'",
                scope=function,
            )
        return cast("codecommit.Repository", self.repository), resource

    def _check_triggers(
        self, function: LambdaFunction, resource: codecommit.CfnRepository, name: str
    ) -> None:
        triggers = resolved_triggers(resource)
        if name in [each["name"] for each in triggers]:
            raise ConfigurationError(
                f"{path_of(self.repository)} has a trigger {name!r} already; pass a "
                "distinct name= to this one",
                scope=function,
            )
        if len(triggers) >= limits.CODE_COMMIT_TRIGGERS:
            raise ConfigurationError(
                f"{path_of(self.repository)} must have at most "
                f"{limits.CODE_COMMIT_TRIGGERS} triggers, got one more; let one "
                "function tell the others, or use EventBridge",
                scope=function,
            )

    def _allow(
        self, function: LambdaFunction, resource: codecommit.CfnRepository
    ) -> lambda_.CfnPermission:
        theirs = stack_of(resource)
        above = f"{path_of(theirs)}/" if theirs is stack_of(function) else ""
        path = path_of(self.repository).removeprefix(above)
        id = f"CodeCommit-{path.replace('/', '-')}"
        given = node_of(function).try_find_child(id)
        if given is not None:
            return cast("lambda_.CfnPermission", given)
        # CDK gives none. The ARN is made of the name, since the repository's own
        # would be a cycle: the repository names the alias, and waits for this.
        return allow_invoke(
            function,
            id,
            principal="codecommit.amazonaws.com",
            source_arn=theirs.format_arn(
                service="codecommit", resource=resource.repository_name
            ),
            source_account=theirs.account,
        )


def resolved_triggers(resource: codecommit.CfnRepository) -> list[dict[str, object]]:
    """Give the triggers that a repository has so far."""
    triggers: IResolvable | Sequence[object] | None = resource.triggers
    return list(stack_of(resource).resolve(triggers) or [])
