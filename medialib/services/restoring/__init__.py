"""Restores: a frozen list of copies, put back file by file, never over what is there."""
