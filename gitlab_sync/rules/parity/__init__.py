"""Compares tables of the older program with ours: each number equal, explained or not."""
