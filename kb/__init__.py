"""The answer library 咨询问答库: what the office agreed to say. Knows nothing of app or connectors."""
