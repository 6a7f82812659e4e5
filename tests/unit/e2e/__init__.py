"""The commands that deploy the reference stacks and drive them."""
