"""统计通报: what it adds up to."""
