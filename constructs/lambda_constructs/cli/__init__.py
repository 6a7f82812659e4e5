"""The command `lambda-constructs`."""

from __future__ import annotations

import sys

__all__ = ["main"]

NEEDED = {"boto3", "botocore", "rich", "typer"}


def main() -> None:
    """Run the command, or say what is missing to run it."""
    try:
        from lambda_constructs.cli._app import app
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        sys.stderr.write(
            f"error: this command needs {missing}, which is not installed; "
            'run: pip install "lambda-constructs[cli]"\n'
        )
        sys.exit(1)
    app()
