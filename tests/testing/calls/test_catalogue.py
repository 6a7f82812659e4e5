"""What holds for every operation that the kit can translate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.validate import ParamValidator

from lambda_constructs.testing._calls import UnmappedOperationError, operations
from tests.testing.calls.facts import asked
from tests.testing.calls.samples import ENDPOINT, FACTS, mapped, model, sample, services

EXPECTED = Path(__file__).parent / "expected"


# Read by what two services, or an item and a batch of items, have in common.
SHARED = {
    "dynamodb": {"Keys"},
    "ses": {"FeedbackForwardingEmailAddress", "FromEmailAddressIdentityArn"},
    "sesv2": {"ReturnPath", "SourceArn"},
}


class Spy(dict[str, Any]):
    """Parameters that notice which of them are read."""

    def __init__(self, params: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(params)
        self.read = read

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


def listing(service: str) -> str:
    """Every operation of a service with what a complete call of it needs."""
    lines = []
    for name in sorted(operations(service)):
        lines.append(name)
        found = asked(service, name, sample(service, name), FACTS, endpoint=ENDPOINT)
        lines.extend(f"    {need.action} {need.resource}" for need in found)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("service", services())
def test_an_operation_needs_what_the_reference_says(service):
    """
    The files in `expected/` were checked, line by line, against the service
    authorization reference: https://docs.aws.amazon.com/service-authorization/
    `python -m tests.testing.calls.expectations` writes them again.
    """
    expected = (EXPECTED / f"{service}.txt").read_text()

    assert expected == listing(service)


@pytest.mark.parametrize("service", services())
def test_every_mapped_operation_is_one_of_the_api(service):
    """
    A misspelt operation would be refused as unmapped for ever.
    """
    assert set(operations(service)) <= set(model(service).operation_names)


@pytest.mark.parametrize("service", services())
def test_samples_are_calls_that_botocore_accepts(service):
    """
    What the expectations rest on has the shape of a real call.
    """
    for name in operations(service):
        shape = model(service).operation_model(name).input_shape
        if shape is None:
            continue
        report = ParamValidator().validate(sample(service, name), shape)

        assert not report.has_errors(), (name, report.generate_report())


@pytest.mark.parametrize("service", services())
def test_only_parameters_that_exist_are_read(service):
    """
    A misspelt parameter would be read as absent, and a need be lost.
    """
    read: set[str] = set()
    known: set[str] = set()
    for name in operations(service):
        shape = model(service).operation_model(name).input_shape
        known |= set(shape.members if shape else ())
        asked(service, name, Spy(sample(service, name), read), FACTS, endpoint=ENDPOINT)

    assert set() == read - known - SHARED.get(service, set())


def test_an_expectation_belongs_to_a_service():
    """
    No file is left behind when a service goes.
    """
    assert set(services()) == {path.stem for path in EXPECTED.glob("*.txt")}


def test_more_than_four_hundred_operations_are_known():
    """
    A rule that stops being registered is noticed.
    """
    assert len(mapped()) > 400


@pytest.mark.parametrize("service", ["athena", "model", "rules", "s3_objects"])
def test_fails_if_the_operation_is_not_mapped(service):
    """
    What the kit cannot judge is refused, never let through.
    """
    with pytest.raises(UnmappedOperationError) as error:
        asked(service, "StartQueryExecution", {})

    assert f"{service}.StartQueryExecution: the test kit does not know" in str(
        error.value
    )
    assert f"_calls/{service}.py" in str(error.value)
