"""Tables of the deletion itself: jobs, their batches and calls, and what the CDN is asked to forget."""
