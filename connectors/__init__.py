"""The platforms: how each one talks. Knows nothing of the app; see README.md to add one."""
