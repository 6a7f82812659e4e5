"""Creates the resources of a template, each after what it names."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import App, Stack, Stage
from aws_cdk.cx_api import CloudAssembly

from lambda_constructs.testing._dynamic_references import (
    read_parameters,
    read_references,
)
from lambda_constructs.testing._environment import at_home
from lambda_constructs.testing._resources import creators
from lambda_constructs.testing._resources._create import Created, Request
from lambda_constructs.testing._resources.cloudwatch import check_actions
from lambda_constructs.testing._template import NO_VALUE, Resolver, dependencies
from lambda_constructs.testing.errors import AccountError
from lambda_constructs.testing.stack import DeployedStack

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount

Template = Mapping[str, Any]

# As the CDK CLI sets them; and packages must run in this process.
CONTEXT = {
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:enable-path-metadata": True,
    "lambda-constructs:package-for-host": True,
}

IGNORED = {"AWS::CDK::Metadata"}


class Unmodelled(dict[str, Any]):
    """Attributes of what is not modelled: a name that shows where it came from."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"arn:aws:unmodelled:::{self.request.logical_id}/{name}"


def templates_of(
    what: object, scratch: Path, region: str
) -> Iterator[tuple[str, Template, Path | None]]:
    """Give the name, the template and the folder of assets of each stack in *what*.

    Whatever account and Region it is for, they are the kit's: see `at_home`.
    """
    if inspect.isclass(what) and issubclass(what, Stack):
        name = what.__name__.removesuffix("Stack") or what.__name__
        app = App(context=CONTEXT, outdir=tempfile.mkdtemp(dir=scratch))
        what(app, name)
        yield from _stacks_in(Path(app.synth().directory), region)
    elif isinstance(what, Stack):
        stage = Stage.of(what)
        if stage is None:
            raise AccountError(f"{what.node.path} is in no app; define it in an App")
        folder = Path(stage.synth().directory)
        yield from _stacks_in(folder, region, what.artifact_id)
    elif isinstance(what, CloudAssembly):
        yield from _stacks_in(Path(what.directory), region)
    elif isinstance(what, str | Path):
        yield from _stacks_in(Path(what), region)
    elif isinstance(what, Mapping):
        yield "Stack", what, None
    else:
        raise AccountError(
            "deploy() takes a stack's class, a stack, a cloud assembly or its folder, "
            f"or a template, got {type(what).__name__}"
        )


def _stacks_in(
    folder: Path, region: str, only: str | None = None
) -> Iterator[tuple[str, Template, Path]]:
    manifest = folder / "manifest.json"
    if not manifest.exists():
        raise AccountError(
            f"{folder} is no cloud assembly: it has no manifest.json; "
            "pass the folder that `cdk synth` wrote"
        )
    artifacts = json.loads(manifest.read_text())["artifacts"]
    stacks = {
        id: artifact
        for id, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    done: set[str] = set()

    def visit(id: str) -> Iterator[tuple[str, Template, Path]]:
        if id in done or id not in stacks:
            return
        done.add(id)
        for before in stacks[id].get("dependencies", []):
            if only is None:
                yield from visit(before)
        properties = stacks[id]["properties"]
        text = (folder / properties["templateFile"]).read_text()
        template = json.loads(at_home(text, stacks[id].get("environment", ""), region))
        yield properties.get("stackName", id), template, folder

    for id in [only] if only is not None else list(stacks):
        yield from visit(id)


def deploy(
    account: LocalAccount,
    name: str,
    template: Template,
    folder: Path | None,
    parameters: Mapping[str, str],
) -> DeployedStack:
    """Create every resource of a template.

    Raises:
        AccountError: It names what is not there, or names itself.
    """
    pseudo = {
        "AWS::AccountId": account.id,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": account.region,
        "AWS::StackId": (
            f"arn:aws:cloudformation:{account.region}:{account.id}:stack/{name}/0"
        ),
        "AWS::StackName": name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    declared = template.get("Parameters", {})
    values = read_parameters(account, declared, parameters)
    resolver = Resolver(template, pseudo, values, account.exports)
    deployed = DeployedStack(account, name, template)
    deployed.resolver = resolver
    for logical_id in _in_order(template, resolver):
        resource = template["Resources"][logical_id]
        if resource["Type"] in IGNORED:
            continue
        request = _request(account, name, logical_id, resource, folder, resolver)
        created = _create(account, resource["Type"], request)
        resolver.references[logical_id] = created.ref
        resolver.attributes[logical_id] = created.attributes
        deployed.add(logical_id, resource["Type"], request.path, created)
    deployed.resolver = resolver
    check_actions(account, [each.name for each in deployed.alarms()])
    _outputs(account, template, resolver, deployed)
    return deployed


def _request(
    account: LocalAccount,
    stack: str,
    logical_id: str,
    resource: Mapping[str, Any],
    folder: Path | None,
    resolver: Resolver,
) -> Request:
    metadata = dict(resource.get("Metadata", {}))
    if folder is not None and "aws:asset:path" in metadata:
        metadata["aws:asset:path"] = str(folder / metadata["aws:asset:path"])
    path = metadata.get("aws:cdk:path", logical_id)
    path = path.removesuffix("/Resource").partition("/")[2] or logical_id
    resolved = resolver.resolve(resource.get("Properties", {}))
    properties = read_references(account, resolved)
    type = resource["Type"]
    return Request(account, stack, logical_id, path, properties, metadata, type)


def _create(account: LocalAccount, type: str, request: Request) -> Created:
    wildcard = "Custom::*" if type.startswith("Custom::") else ""
    create = creators().get(type) or creators().get(wildcard)
    if create is None:
        account.note_unmodelled(request, type)
        return Created(request.name(), Unmodelled(request))
    return create(request)


def _in_order(template: Template, resolver: Resolver) -> list[str]:
    resources = {
        logical_id: resource
        for logical_id, resource in template.get("Resources", {}).items()
        if "Condition" not in resource or resolver.condition(resource["Condition"])
    }
    order: list[str] = []
    entered: list[str] = []

    def visit(logical_id: str) -> None:
        if logical_id in order:
            return
        if logical_id in entered:
            cycle = " -> ".join([*entered[entered.index(logical_id) :], logical_id])
            raise AccountError(f"the template has a circular dependency: {cycle}")
        entered.append(logical_id)
        for before in sorted(dependencies(resources[logical_id]) & resources.keys()):
            visit(before)
        entered.pop()
        order.append(logical_id)

    for logical_id in resources:
        visit(logical_id)
    return order


def _outputs(
    account: LocalAccount,
    template: Template,
    resolver: Resolver,
    deployed: DeployedStack,
) -> None:
    for name, output in template.get("Outputs", {}).items():
        if "Condition" in output and not resolver.condition(output["Condition"]):
            continue
        value = resolver.resolve(output["Value"])
        if value is NO_VALUE:
            continue
        deployed.outputs[name] = value
        if "Export" in output:
            account.exports[str(resolver.resolve(output["Export"]["Name"]))] = value
