"""Leave out of the dependencies what no function needs when it runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from lambda_constructs._packaging.sources import matches
from lambda_constructs.errors import ConfigurationError, nearest

# METADATA, entry points and licences stay: importlib.metadata reads the first two.
# direct_url.json and RECORD name folders of the machine that installed.
USELESS = (
    "*.pyc", "*.pyo", "__pycache__", "*.pyi", "py.typed", "*.dist-info/RECORD",
    "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/WHEEL",
    "*.dist-info/direct_url.json", "*.dist-info/uv_*.json", ".lock",
)  # fmt: skip

TESTS = re.compile(r"(?:^|/)tests?/")
IMPORTS_TESTS = re.compile(
    rb"^[ \t]*(?:from[ \t]+[\w.]*\.tests?(?:\.[\w.]+)?[ \t]+import"
    rb"|from[ \t]+[.\w]+[ \t]+import[^\n#]*\btests?\b|import[ \t]+[\w.]+\.tests?\b)",
    re.M,
)
READS_STUBS = b"attach_stub"
DATA = re.compile(r"^(?:botocore|boto3)/data/([^/]+)/")
ALL = "*"


def prune(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out tests, caches, type stubs, scripts and notes of the installer.

    Tests that other modules of the same package import stay, as numpy's do, and so
    do stubs that a package reads when it runs.
    """
    with_tests = {_top(path) for path in files if TESTS.search(path)}
    keep_tests: set[str] = set()
    keep_stubs: set[str] = set()
    for path, data in files.items():
        if path.endswith(".py") and not TESTS.search(path):
            top = _top(path)
            if top in with_tests and IMPORTS_TESTS.search(data):
                keep_tests.add(top)
            if READS_STUBS in data:
                keep_stubs.add(top)
    kept = {}
    for path, data in files.items():
        top = _top(path)
        useless = matches(path, USELESS)
        if useless and path.endswith(".pyi") and top in keep_stubs:
            useless = False
        script = path.startswith("bin/") and data.startswith(b"#!")
        tests = TESTS.search(path) is not None and top not in keep_tests
        if not (useless or script or tests):
            kept[path] = data
    return kept


def _top(path: str) -> str:
    return path.split("/", 1)[0]


def prune_services(
    files: Mapping[str, bytes], services: Collection[str]
) -> dict[str, bytes]:
    """Keep of botocore's and boto3's data only that of *services*.

    Raises:
        ConfigurationError: A service is not one of botocore's.
    """
    known = {match.group(1) for path in files if (match := DATA.match(path))}
    complete = any(path.startswith("botocore/data/") for path in files)
    for service in services:
        if complete and service != ALL and service not in known:
            raise ConfigurationError(
                "boto3_for= must name services as boto3.client does, "
                f"got {service!r}{nearest(service, known)}"
            )
    if ALL in services:
        return dict(files)
    return {
        path: data
        for path, data in files.items()
        if not (match := DATA.match(path)) or match.group(1) in services
    }
