"""查找: which agreed answer fits what somebody asks, and how sure are we?"""
