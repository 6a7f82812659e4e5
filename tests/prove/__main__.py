"""`python -m tests.prove [stack ...]`."""

import sys

from tests.prove.command import main

if __name__ == "__main__":  # and not where a worker begins
    sys.exit(main(sys.argv[1:]))
