"""答复、三审、发送: what we say back."""
