"""Pictures of dashboards, drawn from their bodies, to be judged by eye."""
