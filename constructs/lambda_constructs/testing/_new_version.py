"""A new version of a function comes into a stack, as an update would bring it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_constructs.testing._releasing import Release
from lambda_constructs.testing._template import dependencies
from lambda_constructs.testing.errors import AccountError

if TYPE_CHECKING:
    from pathlib import Path

    from lambda_constructs.testing._functions import FunctionState
    from lambda_constructs.testing._template import Resolver
    from lambda_constructs.testing.account import LocalAccount
    from lambda_constructs.testing.stack import DeployedStack


def release(
    stack: DeployedStack, function: FunctionState, files: Mapping[str, str]
) -> Release:
    """Update a stack by a new version of *function*, as far as releases go.

    Raises:
        AccountError: The function has no deployment by CodeDeploy.
    """
    resolver = stack.resolver
    if resolver is None:
        raise AccountError(f"{stack.name} was not deployed from a template")
    policy, version_id = _of_alias(stack, resolver, function)
    account, previous = stack.account, function.aliases["live"].version
    version = function.publish(_changed(account, function, files) if files else None)
    arn = f"{function.arn}:{version}"
    resolver.references[version_id] = arn
    resolver.attributes[version_id] = {"FunctionArn": arn, "Version": version}
    _tell(stack, resolver, version_id)
    group = account.releases.groups[
        str(policy["ApplicationName"]), str(policy["DeploymentGroupName"])
    ]
    hooks = {
        event: str(policy[f"{event}Hook"])
        for event in ("BeforeAllowTraffic", "AfterAllowTraffic")
        if f"{event}Hook" in policy
    }
    id = f"d-{len(account.releases.all) + 1:09d}"
    made = Release(function, group, hooks, version, previous, id)
    account.releases.all[id] = made
    made.start()
    return made


def _of_alias(
    stack: DeployedStack, resolver: Resolver, function: FunctionState
) -> tuple[Mapping[str, Any], str]:
    """Give the update policy of the live alias, and the logical id of its version."""
    for resource in stack.template["Resources"].values():
        if resource["Type"] != "AWS::Lambda::Alias":
            continue
        properties = resource["Properties"]
        if resolver.resolve(properties["FunctionName"]) != function.name:
            continue
        policy = resource.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
        version = properties["FunctionVersion"]
        if policy is not None and isinstance(version, Mapping):
            return resolver.resolve(policy), str(version["Fn::GetAtt"][0])
    raise AccountError(
        f"{function.path} has no deployment by CodeDeploy; pass deployment= to it, as "
        "Deployment.canary()"
    )


def _tell(stack: DeployedStack, resolver: Resolver, version_id: str) -> None:
    """Resolve anew what names the version, as CloudFormation does before the alias."""
    for logical_id, resource in stack.template["Resources"].items():
        if version_id not in dependencies(resource):
            continue
        properties = resolver.resolve(resource.get("Properties", {}))
        name = resolver.references.get(logical_id)
        if resource["Type"] == "AWS::Lambda::Function":
            stack.account.functions[str(name)].configure(properties)
        elif resource["Type"] == "AWS::CloudWatch::Alarm":
            stack.account.alarms[str(name)] = properties


def _changed(
    account: LocalAccount, function: FunctionState, files: Mapping[str, str]
) -> Path:
    """Copy the live package, and change some of its files."""
    number = len(function.versions)
    folder = account.packages.folder / f"{function.name}-{number}"
    shutil.copytree(function.task_root, folder)
    for name, text in files.items():
        file = folder / name
        file.write_text(text, "utf-8")
        # Packages bring compiled code along, which Python would prefer unseen.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*"):
            compiled.unlink()
    return folder
