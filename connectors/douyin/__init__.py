"""Douyin 抖音: comments below our videos."""
