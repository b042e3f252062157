"""Notices: who wants to be told of what, what there is to tell, its words, and its way out."""
