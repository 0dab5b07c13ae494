"""口径变更: what must follow when the agreed wording changes?"""
