"""The rules: pure functions over what was read, with no I/O and no clock."""

RULES_VERSION = "1"
"""Which rules evaluated: goes up when the same data would get other numbers. Reports carry it."""
