"""One package: the user's files on top of the dependencies, checked and zipped."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

from lambda_constructs._packaging import cache
from lambda_constructs._packaging.archive import pack, write_zip
from lambda_constructs._packaging.binaries import check_binaries
from lambda_constructs._packaging.bytecode import interpreters
from lambda_constructs._packaging.checks import (
    check_imports,
    check_no_overlap,
    compile_own,
    find_python,
    warn_of,
)
from lambda_constructs._packaging.dependencies import (
    Dependencies,
    Wanted,
    get_dependencies,
    modules_of,
    prefix_of,
)
from lambda_constructs._packaging.hashing import digest
from lambda_constructs._packaging.plan import Inputs, Package, Plan
from lambda_constructs._packaging.requirements import find_requirements
from lambda_constructs._packaging.sizes import Limits, check_sizes
from lambda_constructs._packaging.sources import (
    check_no_secrets,
    find_sources,
    read_sources,
)
from lambda_constructs._packaging.target import LAYER_ROOT, Target


def get_package(
    inputs: Inputs,
    target: Target,
    handler: str | None,
    limits: Limits,
    *,
    fresh: bool = False,
) -> Package:
    """Give the package of *inputs* for *target*, from the cache if it is there.

    Raises:
        ConfigurationError: It cannot be made, or could not work.
    """
    found = find_sources(inputs.folder, inputs.shared, inputs.exclude, inputs.include)
    files = read_sources(found, inputs.name)
    files |= {name: text.encode() for name, text in inputs.written}
    requirements = find_requirements(inputs.folder, inputs.requirements)
    layer = Target(target.python, target.architecture, LAYER_ROOT, target.host)
    layers = [get_package(it, layer, None, limits, fresh=fresh) for it in inputs.layers]
    pythons = () if inputs.bytecode is False else interpreters(target.python)
    wanted = Wanted(
        inputs.name,
        requirements,
        target,
        inputs.boto3_for,
        tuple((name, v) for it in layers for name, v in sorted(it.versions.items())),
        pythons,
    )
    options = [handler, inputs.provided, inputs.bytecode, asdict(limits), inputs.name]
    key = digest(
        [
            ("dependencies", wanted.key.encode()),
            ("options", json.dumps(options).encode()),
            *(("layer", it.asset_hash.encode()) for it in layers),
            *((f"/{path}", data) for path, data in files.items()),
        ]
    )
    if fresh:
        cache.forget("packages", key)
    plan = Plan(inputs, wanted, files, handler, limits, tuple(layers), fresh)
    entry = cache.find_or_build("packages", key, partial(_build, plan))
    known = json.loads((entry / "package.json").read_bytes())
    return Package(zip=entry / "package.zip", **known)


def _build(plan: Plan, folder: Path) -> None:
    """Build the package in *folder*: check, install, compile, zip, weigh."""
    target, name = plan.wanted.target, plan.inputs.name
    check_imports(plan, None)  # first, as the whole folder may be the wrong one
    check_no_secrets(plan.files, name)
    check_binaries(plan.files, target)
    python = find_python(plan)
    compiled, warnings = compile_own(plan, python)
    installed, base = get_dependencies(plan.wanted, fresh=plan.fresh)
    check_no_overlap(plan, installed)
    warnings += check_imports(plan, installed) + warn_of(plan, installed)
    own = {**plan.files, **compiled}
    prefix = prefix_of(target)
    whole = {f"{prefix}{p}": file for p, file in (base | pack(own)).items()}
    packed = write_zip(whole)
    unzipped = installed.unzipped + sum(map(len, own.values()))
    layers = [it.unzipped for it in plan.layers]
    warnings += check_sizes(name, len(packed), unzipped, layers, plan.limits)
    package = {
        "asset_hash": _asset_hash(plan, installed),
        "zipped": len(packed),
        "unzipped": unzipped,
        "sources": digest(plan.files.items()),
        "versions": installed.versions,
        "left_out": installed.left_out,
        "modules": sorted(installed.modules | modules_of(plan.files)),
        "bytecode": python is not None,
        "warnings": warnings,
    }
    (folder / "package.zip").write_bytes(packed)
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")


def _asset_hash(plan: Plan, installed: Dependencies) -> str:
    """Hash what is deployed, but for bytecode: that depends on what is at hand here."""
    inputs, target = plan.inputs, plan.wanted.target
    options = [
        str(target), target.root, target.host, inputs.boto3_for, inputs.bytecode,
    ]  # fmt: skip
    return digest(
        [
            ("options", json.dumps(options).encode()),
            ("dependencies", installed.digest.encode()),
            *((f"/{path}", data) for path, data in plan.files.items()),
        ]
    )
