"""The audit log: record, search, export."""
