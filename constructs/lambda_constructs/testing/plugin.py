"""pytest's fixture `account`, for every app that imports the library."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lambda_constructs.testing.account import LocalAccount


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be repeated by its seed."""
    parser.getgroup("lambda-constructs").addoption(
        "--account-seed",
        type=int,
        default=0,
        help="what decides all that the account leaves to chance (default: 0)",
    )


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Iterator[LocalAccount]:
    """An empty AWS account in this process, on simulated time."""
    from lambda_constructs.testing.account import LocalAccount

    with LocalAccount(seed=request.config.getoption("--account-seed")) as account:
        yield account


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the timeline and the seed of a test that failed."""
    report = yield
    account: Any = getattr(item, "funcargs", {}).get("account")
    if report.failed and hasattr(account, "timeline"):
        text = f"--account-seed={account.seed}\n{account.timeline}"
        report.sections.append(("account timeline", text))
    return report
