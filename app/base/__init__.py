"""The ground: settings, database, clock, errors, keys."""
