"""示例：an invented office, 云泽市, in which everything can be tried on the first day."""
