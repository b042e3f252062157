"""A local ImageKit for demo, rehearsal and tests. Knows nothing of Django and nothing of the rest of medialib."""
