"""留言: what came in."""
