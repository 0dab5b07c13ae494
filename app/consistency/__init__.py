"""口径一致: does a reply say what was agreed, and do two answers contradict each other?"""
