"""Measurements, run by `make bench` and written to docs/benchmarks.md. Not part of the tests."""
