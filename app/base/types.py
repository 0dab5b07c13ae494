"""How are instants kept? One column type for every table, the same on SQLite and PostgreSQL."""

from kb.instant import Instant

__all__ = ["Instant"]
