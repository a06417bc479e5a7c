"""Known faults and new ones: what a pipeline fails on, so that their number can only fall."""
