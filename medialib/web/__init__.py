"""What stands around every page: headers, limits, request ids, the context of the layout, and database connections."""
