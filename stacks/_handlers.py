"""Where the handlers are."""

from pathlib import Path

from lambda_constructs import PythonCode

LAMBDA_SRC = Path(__file__).resolve().parents[1] / "lambda_src"


def handler_code(stem: str) -> PythonCode:
    """Package `lambda_src/<stem>` with what its requirements name."""
    return PythonCode.from_folder(LAMBDA_SRC / stem)
