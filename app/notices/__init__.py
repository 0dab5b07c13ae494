"""提醒、通知: whom we must tell."""
