"""What every service may use: clock, wake-ups, cache, retries, files, slices."""
