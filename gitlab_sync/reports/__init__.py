"""Rows made into tables and files."""
