"""Deployment packages, unpacked as Lambda would at /var/task."""

from __future__ import annotations

import tempfile
import zipfile
from functools import cache
from pathlib import Path

from lambda_constructs.testing._resources._create import Request
from lambda_constructs.testing.errors import AccountError


@cache
def _unpacked() -> tempfile.TemporaryDirectory[str]:
    """Give where packages of the CDK are unpacked; it goes with the process."""
    return tempfile.TemporaryDirectory(prefix="lambda-constructs-packages-")


class Packages:
    """Unpacks each package once, for all accounts of the process where CDK made it."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="lambda-constructs-")
        self.folder = Path(self._temporary.name)

    def close(self) -> None:
        """Remove what was unpacked."""
        self._temporary.cleanup()

    def unpack(self, request: Request) -> Path:
        """Give the folder of a function's package.

        Raises:
            AccountError: The template names an asset that is not there.
        """
        inline = request.properties.get("Code", {}).get("ZipFile")
        if inline is not None:
            folder = self.folder / f"{request.stack}-{request.logical_id}"
            folder.mkdir()
            (folder / "index.py").write_text(inline)
            return folder
        named = request.metadata.get("aws:asset:path")
        if named is None:
            raise AccountError(
                f"{request.path} has no deployment package beside its template; deploy "
                "a stack or a cloud assembly, which bring their assets"
            )
        path = Path(named)
        if not path.exists():
            raise AccountError(
                f"the deployment package of {request.path} is not there: {path}; "
                "synthesize again"
            )
        if path.is_dir():
            return path
        # CDK names an asset by the hash of what is in it.
        by_hash = path.stem.startswith("asset.")
        folder = (Path(_unpacked().name) if by_hash else self.folder) / path.stem
        if not folder.exists():
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        return folder
