"""A dashboard for media libraries at ImageKit: browse, select, delete in bulk, prove it."""

__version__ = "0.1.0"
