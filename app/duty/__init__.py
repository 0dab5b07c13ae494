"""值班: who is on duty, and where the roster has gaps."""
