"""The public API is what the packages list, no more and no less."""

from __future__ import annotations

import subprocess
import sys

import constructs
import pytest

import lambda_constructs
from lambda_constructs import ConfigurationError, event_sources

PACKAGES = [lambda_constructs, event_sources]


def test_pypi_s_constructs_is_not_shadowed():
    """
    Our constructs/ folder must never gain an __init__.py.
    """
    assert "site-packages" in str(constructs.__file__)
    assert constructs.Construct.__module__ == "constructs"


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_each_name_is_there(package):
    """
    What is listed can be imported, and comes from this library.
    """
    assert sorted(package.__all__) == package.__all__
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith("lambda_constructs.")


def test_fails_if_a_name_is_not_there():
    """
    A module that loads lazily still says what it lacks.
    """
    for package in PACKAGES:
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            _ = package.Nothing


def test_fails_if_iot_events_is_asked_for():
    """
    AWS shut it down; the error says what to use instead, wherever the name is used.
    """
    with pytest.raises(ConfigurationError, match=r"down on 2026-05-20.*IotEventSource"):
        from lambda_constructs.event_sources import IotEventsEventSource  # noqa: F401
    with pytest.raises(ConfigurationError, match=r"Step Functions .* EventBridge"):
        _ = event_sources.IotEventsEventSource

    assert "IotEventsEventSource" not in event_sources.__all__


def test_importing_the_library_imports_no_service():
    """
    A program pays for what it uses, when it uses it.
    """
    code = (
        "import sys, lambda_constructs, lambda_constructs.event_sources\n"
        "print([name for name in sys.modules if name.startswith('aws_cdk')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.strip()
