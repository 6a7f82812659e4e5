"""Write `expected/` again: `python -m tests.testing.calls.expectations`.

Read the difference before it is committed; the reference decides, not the code.
"""

from __future__ import annotations

from tests.testing.calls.samples import services
from tests.testing.calls.test_catalogue import EXPECTED, listing

if __name__ == "__main__":
    EXPECTED.mkdir(exist_ok=True)
    for service in services():
        (EXPECTED / f"{service}.txt").write_text(listing(service))
