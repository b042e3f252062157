"""Copies of files before they are deleted: their storage, who keeps them how long, and their end."""
