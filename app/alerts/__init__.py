"""舆情: what we must notice."""
