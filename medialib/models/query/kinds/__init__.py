"""The kinds of filter fields: texts, flags, ranges, times."""
