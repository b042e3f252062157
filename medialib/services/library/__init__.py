"""Reading the library: facets, folders, totals, insight, saved views."""
