"""Every rule of the test kit, broken by hand: a test has to fail."""
