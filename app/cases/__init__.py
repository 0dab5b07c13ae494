"""办件: what we do about it."""
