"""Tables of the way back: copies of files that were deleted, and the jobs that put them back."""
