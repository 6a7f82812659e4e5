"""What an installer says when it gives up, in the words of this library."""

from __future__ import annotations

import re
from typing import NoReturn

from lambda_constructs._packaging.requirements import Requirements
from lambda_constructs._packaging.target import Target
from lambda_constructs.errors import ConfigurationError

NO_WHEEL = (
    re.compile(r"because (?:only )?(\S+?) has no (?:usable )?wheels", re.I),
    re.compile(r"Wheels are required for `([^`]+)`"),
    re.compile(r"(\S+?) has no wheels with a matching", re.I),
    re.compile(r"(\S+) .*?building (?:from source|source distributions) is disabled"),
)
UNKNOWN = (
    re.compile(r"because (\S+) was not found in the package registry", re.I),
    re.compile(r"there is no version of (\S+)", re.I),
    re.compile(r"No matching distribution found for (\S+)"),
)
HASH = (
    re.compile(r"Hash mismatch for `([^`]+)`"),
    re.compile(r"DO NOT MATCH THE HASHES.*?\n\s+(\S+)", re.S),
)
NO_HASH = re.compile(
    r"require-hashes|no trusted hash|all requirements must have their versions pinned",
    re.I,
)
NO_NETWORK = re.compile(
    r"network was disabled|Failed to fetch|error sending request|dns error|"
    r"NewConnectionError|Connection refused|Temporary failure in name resolution|"
    r"Could not connect|timed out|Network is unreachable|No route to host",
    re.I,
)
WITHDRAWN = re.compile(r"ecause (\S+) was yanked(?: \(reason: (.*?)\))?")
CONFLICT = re.compile(r"requirements are unsatisfiable|conflicting dependencies", re.I)
NOISE = re.compile(
    r"^(Using CPython|warning:|hint:|Resolved |Prepared |WARNING:).*$", re.M
)


def refuse(said: str, requirements: Requirements, target: Target) -> NoReturn:
    """Raise what the installer *said* as one line that tells what to do.

    Raises:
        ConfigurationError: Always.
    """
    what = f"{requirements.file.parent.name}/{requirements.file.name}"
    why = " ".join(NOISE.sub("", said).replace("error:", "").split())
    if name := _first(HASH, said):
        message = (
            f"{name} must have one of the hashes that {what} names, got another file; "
            "find out who changed it before locking it anew"
        )
    elif NO_HASH.search(said) and not NO_NETWORK.search(said):
        message = (
            f"{what} must give the hash and version of every package once it gives "
            f"one, got {why}; lock it with uv pip compile --generate-hashes"
        )
    elif name := _first(NO_WHEEL, said):
        message = (
            f"{name} must have a wheel for {target}, got none, and packages are not "
            f"compiled here; pin a version of it that has one, choose the other "
            "architecture or another runtime, take it from a layer with "
            "provided=, or build a container image with DockerImageFunction"
        )
    elif NO_NETWORK.search(said):
        message = (
            f"{what} needs packages that are not in the installer's cache, got no "
            f"connection to the package index ({why}); connect once, or set "
            "UV_FIND_LINKS to a folder of wheels"
        )
    elif name := _first(UNKNOWN, said):
        message = (
            f"{what} must name packages and versions that the package index has for "
            f"{target}, got {name}, which it has not ({why}); correct the name or "
            "the version"
        )
    elif match := WITHDRAWN.search(said):
        message = (
            f"{what} must name versions that their authors stand by, got only "
            f"{match[1]}, which they have withdrawn"
            f"{f' ({match[2]})' if match[2] else ''}; choose another, or pin it with =="
        )
    elif CONFLICT.search(said):
        message = (
            f"the requirements in {what} must agree with each other, got {why}; "
            "loosen one of the versions"
        )
    else:
        message = f"{what} could not be installed for {target}, got {why}"
    raise ConfigurationError(message)


def _first(patterns: tuple[re.Pattern[str], ...], said: str) -> str | None:
    found = (match.group(1) for pattern in patterns for match in pattern.finditer(said))
    return next(found, None)
