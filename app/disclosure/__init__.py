"""公开: what may be seen."""
