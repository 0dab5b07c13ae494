"""`python -m app` is the `huiying` command."""

from app.cli import main

main()
