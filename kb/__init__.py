"""The answer library 咨询问答库: what the office agreed to say. A leaf: knows nothing of app or connectors."""
