"""The engine: claims, calls, verdicts, settling, and how a job begins and ends."""
