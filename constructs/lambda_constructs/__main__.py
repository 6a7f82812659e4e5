"""`python -m lambda_constructs`, which is `lambda-constructs`."""

from __future__ import annotations

from lambda_constructs.cli import main

if __name__ == "__main__":
    main()
