"""How large a package may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambda_constructs.errors import ConfigurationError
from lambda_constructs.practices import Practice

MB = 1 << 20

UNZIPPED_BYTES = 250 * MB
"""dg/gettingstarted-limits.html: with layers; nothing raises it."""

ZIPPED_BYTES = 50 * MB
"""dg/gettingstarted-limits.html: for upload by the API or console, not through S3."""

EDGE_ZIPPED_BYTES = 50 * MB
"""CloudFront's DeveloperGuide/cloudfront-limits.html: compressed, all event types."""

EDGE_VIEWER_BYTES = 1 * MB
"""The same page until 2026, for viewer requests and responses."""

SIZE = Practice.PACKAGE_SIZE.value


@dataclass(frozen=True)
class Limits:
    """What the place of deployment allows.

    Attributes:
        edge: It is Lambda@Edge.
    """

    edge: bool = False


def check_sizes(
    name: str, zipped: int, unzipped: int, layers: Sequence[int], limits: Limits
) -> list[list[str]]:
    """Raise for what Lambda rejects; give the id and words of what is unwise.

    Raises:
        ConfigurationError: The package is too large to be deployed.
    """
    total = unzipped + sum(layers)
    if total > UNZIPPED_BYTES:
        among = f", {mb(sum(layers))} MB of it in layers" if layers else ""
        raise ConfigurationError(
            f"{name} must be at most 250 MB unzipped with its layers, got "
            f"{mb(total)} MB{among}; leave files out with exclude=, remove a "
            "dependency, or build a container image with DockerImageFunction"
        )
    if limits.edge and zipped > EDGE_ZIPPED_BYTES:
        raise ConfigurationError(
            f"{name} must be at most 50 MB zipped for Lambda@Edge, got "
            f"{mb(zipped)} MB; leave files out with exclude= or remove a dependency"
        )
    if limits.edge and zipped > EDGE_VIEWER_BYTES:
        return [[SIZE, f"{name} is {mb(zipped)} MB zipped; Lambda@Edge used to allow "
                 "1 MB for viewer events, and every viewer waits for its cold "
                 "start"]]  # fmt: skip
    if zipped > ZIPPED_BYTES:
        return [[SIZE, f"{name} is {mb(zipped)} MB zipped: CDK deploys it through S3, "
                 "but more than 50 MB cannot be uploaded by the API or "
                 "console, and cold starts get slower"]]  # fmt: skip
    return []


def mb(size: int) -> str:
    """Give a size in the unit of Lambda's limits."""
    return f"{size / MB:.1f}"
