"""`python -m tests.mutation [topic ...]`."""

import sys

from tests.mutation.command import main

sys.exit(main(sys.argv[1:]))
