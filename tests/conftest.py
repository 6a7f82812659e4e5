"""Fixtures shared by every test."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Protocol

# CDK's built-in validation costs 6 s on the first synth of a process; CI runs it
# once, over every reference stack, with `cdk synth --strict`.
os.environ.setdefault("CDK_VALIDATION", "false")

import hypothesis
import pytest
from moto import mock_aws

from lambda_constructs.testing._models import shared_models
from tests.synthesized import ROOT, Synthesized, synthesize

# Clients and templates are large, and little of them is garbage.
gc.set_threshold(100_000, 50, 100)

# How long an example takes says something of the machine, and nothing of the claim.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what deploys into an account, which the inner loop leaves out."""
    for item in items:
        if "account" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kit)


class ColdStart(Protocol):
    """Import a handler as Lambda does: environment first, then the module."""

    def __call__(
        self, stem: str, module: str = "index", **environment: str
    ) -> ModuleType: ...


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fake AWS account; nothing can reach a real one."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with shared_models(), mock_aws():
        yield


@pytest.fixture
def cold_start(aws: None, monkeypatch: pytest.MonkeyPatch) -> ColdStart:
    """Handlers are mostly called `index`, so each gets a module name of its own."""

    def start(stem: str, module: str = "index", **environment: str) -> ModuleType:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        folder = ROOT / "lambda_src" / stem
        monkeypatch.syspath_prepend(str(folder))
        file = folder / f"{module}.py"
        spec = spec_from_file_location(f"lambda_src_{stem}_{module}", file)
        assert spec is not None
        assert spec.loader is not None
        made = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, made)
        spec.loader.exec_module(made)
        return made

    return start


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Synthesized]:
    """Every reference stack, by its stem, synthesized once."""
    return synthesize(tmp_path_factory.mktemp("cdk"))
