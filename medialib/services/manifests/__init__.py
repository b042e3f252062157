"""Frozen lists: freezing, hashing, review, plan."""
