"""数据开放: what we give away."""
