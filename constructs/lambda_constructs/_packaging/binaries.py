"""Check that compiled files run on the CPU that the function has."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_constructs._packaging.target import Target
from lambda_constructs.errors import ConfigurationError

# e_machine in the ELF header: https://refspecs.linuxfoundation.org/elf/gabi4+
ELF_MACHINES: Mapping[int, str] = {
    3: "x86", 40: "arm", 62: "x86_64", 183: "arm64", 243: "riscv64",
}  # fmt: skip
MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
LIBRARY_SUFFIXES = (".so", ".dylib", ".pyd", ".dll", ".node")


def check_binaries(files: Mapping[str, bytes], target: Target) -> None:
    """Raise if a compiled file is for another CPU or operating system.

    Raises:
        ConfigurationError: One is.
    """
    if target.host:
        return
    for path, data in files.items():
        built_for = _built_for(path, data)
        if built_for is not None and built_for != f"Linux on {target.architecture}":
            raise ConfigurationError(
                f"{path} must be built for Linux on {target.architecture}, "
                f"got a file for {built_for}; install it from a wheel for "
                f"{target.machine} in requirements.txt, or leave it out with exclude="
            )


def _built_for(path: str, data: bytes) -> str | None:
    """Name what a compiled file runs on, or None where it is no such file."""
    if data[:4] == b"\x7fELF" and len(data) >= 20:
        number = int.from_bytes(data[18:20], "little" if data[5] == 1 else "big")
        return f"Linux on {ELF_MACHINES.get(number, f'machine {number}')}"
    if not path.endswith(LIBRARY_SUFFIXES):
        return None
    if data[:4] in MACH_O:
        return "macOS"
    return "Windows" if data[:2] == b"MZ" else None
