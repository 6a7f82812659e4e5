"""How `lambda_constructs.code` makes a package; private, it may change any time."""
