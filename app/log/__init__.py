"""流转记录: what was done, for ever."""
