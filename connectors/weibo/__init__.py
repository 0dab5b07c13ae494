"""Weibo 微博: comments below our posts, and private messages."""
