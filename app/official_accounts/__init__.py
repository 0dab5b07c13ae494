"""政务新媒体账号: the office's accounts on the platforms."""
