"""Merge requests and issues: their checks, verdicts and tallies."""
