"""`python -m tests.audit`."""

from tests.audit.commands import app

app(prog_name="python -m tests.audit")
