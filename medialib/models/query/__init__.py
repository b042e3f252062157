"""Queries of the library: filters, where-builder, orders, paging and search."""
