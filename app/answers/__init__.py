"""问答库: who may, what was done, where an answer was used."""
