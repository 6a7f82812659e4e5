"""`python -m tests.mutation [topic ...]`."""

import sys

from tests.mutation.command import main

if __name__ == "__main__":  # and not where a process begins
    sys.exit(main(sys.argv[1:]))
