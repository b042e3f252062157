"""Copies before calls: no file of a job that keeps copies is sent before its copy is safe."""
