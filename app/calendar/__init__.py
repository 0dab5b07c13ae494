"""工作日: which days count."""
