"""Keeping the index in step with ImageKit: syncs, schedule, webhooks."""
