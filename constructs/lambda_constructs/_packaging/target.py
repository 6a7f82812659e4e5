"""What a package is made for: a Python, a CPU architecture and a libc."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lambda_constructs.errors import ConfigurationError, nearest

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a function."""

LAYER_ROOT = "/opt/python"
"""Where Lambda unpacks the `python` folder of a layer."""

SOON = timedelta(days=180)
"""How long before a runtime's end its functions are warned about."""


@dataclass(frozen=True)
class PythonRuntime:
    """What Lambda says of one Python runtime.

    Attributes:
        deprecated: The day on which Lambda stops supporting it, once announced.
        manylinux: The newest platform tag that the C library of its operating
            system loads and that installers know.
    """

    deprecated: date | None
    manylinux: str


# dg/lambda-runtimes.html below docs.aws.amazon.com/lambda/latest/; dates as forecast
# there in August 2026. Amazon Linux 2023 (python3.12 and newer) has glibc 2.34,
# Amazon Linux 2 has 2.26, which cannot load a manylinux_2_28 wheel.
RUNTIMES: Mapping[str, PythonRuntime] = {
    "3.8": PythonRuntime(date(2024, 10, 14), "manylinux2014"),
    "3.9": PythonRuntime(date(2025, 12, 15), "manylinux2014"),
    "3.10": PythonRuntime(date(2026, 10, 31), "manylinux2014"),
    "3.11": PythonRuntime(date(2027, 6, 30), "manylinux2014"),
    "3.12": PythonRuntime(date(2028, 10, 31), "manylinux_2_28"),
    "3.13": PythonRuntime(date(2029, 6, 30), "manylinux_2_28"),
    "3.14": PythonRuntime(date(2029, 6, 30), "manylinux_2_28"),
    "3.15": PythonRuntime(None, "manylinux_2_28"),
}

NEWEST = "3.14"
"""The runtime that messages point to."""

MACHINES: Mapping[str, str] = {"arm64": "aarch64", "x86_64": "x86_64"}
"""What the rest of the world calls Lambda's architectures."""


@dataclass(frozen=True)
class Target:
    """What a package is made for.

    Attributes:
        python: The Python version, as in `3.14`.
        architecture: Lambda's word for the CPU, or this machine's own.
        root: Where the package will be unpacked; compiled code names it.
        host: Made for this machine, to be run here.
    """

    python: str
    architecture: str
    root: str = TASK_ROOT
    host: bool = False

    @classmethod
    def of_lambda(cls, runtime: str, architecture: str, root: str) -> Target:
        """Name the target of a function; *runtime* is CDK's `Runtime.name`.

        Raises:
            ConfigurationError: It is no Python runtime, or one that Lambda no
                longer supports.
        """
        version = runtime.removeprefix("python")
        if version == runtime or architecture not in MACHINES:
            raise ConfigurationError(
                f"PythonCode makes packages for Python functions on "
                f"{' or '.join(MACHINES)}, got runtime {runtime} on {architecture}; "
                f"pass runtime=Runtime.PYTHON_{NEWEST.replace('.', '_')}"
            )
        check_supported(version, date.today())
        return cls(version, architecture, root)

    @classmethod
    def of_host(cls, root: str) -> Target:
        """Name this machine, with the Python that runs this."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return cls(version, platform.machine(), root, host=True)

    @property
    def version(self) -> tuple[int, int]:
        """The Python version as numbers."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def machine(self) -> str:
        """The CPU, as wheels name it."""
        return MACHINES.get(self.architecture, self.architecture)

    @property
    def manylinux(self) -> str:
        """The newest platform tag that wheels may have."""
        return RUNTIMES[self.python].manylinux

    def __str__(self) -> str:
        """Name it in messages."""
        return f"python{self.python} on {self.architecture}"


def check_supported(version: str, today: date) -> None:
    """Raise unless Lambda supports this Python on the day *today*.

    Raises:
        ConfigurationError: It does not.
    """
    supported = [
        name
        for name, runtime in RUNTIMES.items()
        if runtime.deprecated is None or today < runtime.deprecated
    ]
    runtime = RUNTIMES.get(version)
    if runtime is None:
        raise ConfigurationError(
            f"python{version} is no runtime of Lambda's that this version knows, "
            f"allowed python{', python'.join(supported)}"
            + nearest(f"python{version}", [f"python{name}" for name in supported])
        )
    if version not in supported:
        raise ConfigurationError(
            f"Lambda has not supported python{version} since {runtime.deprecated}, "
            f"allowed python{', python'.join(supported)}; "
            f"pass runtime=Runtime.PYTHON_{NEWEST.replace('.', '_')}"
        )


def ends_soon(target: Target, today: date) -> date | None:
    """Give the day on which support for the target's runtime ends, if it is near."""
    return None if target.host else end_of(target.python, today)


def end_of(version: str, today: date) -> date | None:
    """Give the day on which support for this Python ends, if it is near."""
    day = RUNTIMES[version].deprecated
    return day if day is not None and day - today <= SOON else None
