"""What sends back what a deployed stack could not process."""
