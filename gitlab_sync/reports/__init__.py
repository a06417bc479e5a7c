"""Turns rows into tables and files. Everything here but `AtomicFile` is pure."""
