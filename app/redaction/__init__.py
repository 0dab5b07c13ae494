"""脱敏: what must not be seen."""
