"""The JSON API below /api/v1/: who may ask, how errors are said, and one module for each kind of thing.

The same service functions as pages and commands; nothing is decided here but which of them is meant.
"""
