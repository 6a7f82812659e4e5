"""Deployment packages, unpacked as Lambda would at /var/task."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from lambda_constructs.testing._resources._create import Request
from lambda_constructs.testing.errors import AccountError


class Packages:
    """Unpacks each package once."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="lambda-constructs-")
        self.folder = Path(self._temporary.name)
        self._unpacked: dict[Path, Path] = {}

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
        if path not in self._unpacked:
            folder = self.folder / path.stem
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            self._unpacked[path] = folder
        return self._unpacked[path]
