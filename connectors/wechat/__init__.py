"""WeChat official accounts 微信公众号: pushed messages, customer-service replies."""
