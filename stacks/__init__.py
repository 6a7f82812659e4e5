"""Reference architectures: each module is one stack, and wires constructs only."""
