"""Snapshots: one run as Parquet files, written whole or not at all, and read in place of GitLab."""
