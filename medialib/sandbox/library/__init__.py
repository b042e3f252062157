"""What the sandbox stores, and how it lists and searches it."""
