"""Nothing can be sent: the emulator has no rules of AWS Config."""

from __future__ import annotations

from collections.abc import Iterator

from tests.e2e.deployed import Deployed
from tests.e2e.drivers import Driver
from tests.e2e.expect import Expectation


def drive(deployed: Deployed) -> Iterator[Expectation]:
    """Have every bucket judged, and expect that the rule has run."""
    return iter(())


DRIVER = Driver(stack="ComplianceRule", drive=drive)
