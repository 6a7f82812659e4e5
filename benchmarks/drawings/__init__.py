"""Pictures for the docs of what was measured; where matplotlib is."""
