"""Speaks HTTP to ImageKit. Knows nothing of Django or of our models."""
