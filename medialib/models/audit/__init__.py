"""Tables of the audit log, its seals and its search index, and the triggers that keep them append-only."""
