"""The commands of each feature; `app/cli.py` puts them together."""
