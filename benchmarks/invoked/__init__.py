"""The reference handlers, invoked here as Lambda would, without AWS."""
