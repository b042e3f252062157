"""Accounts: keys, addresses, rights, pace."""
