"""`python -m tests.e2e`."""

import signal

# Until the commands handle Ctrl-C, which takes their imports, it just ends this.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from tests.e2e.commands import main  # noqa: E402

main()
