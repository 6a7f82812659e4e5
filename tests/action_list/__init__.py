"""Where the library's list of actions comes from."""
