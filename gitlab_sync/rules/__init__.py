"""The rules: pure functions over what was read, with no I/O and no clock.

All of them are thread-safe. Their values never change after they are made, so threads can share
them; classes for one thread say so.
"""

RULES_VERSION = "1"
"""The version of the rules: it goes up when the same data gets other numbers. Reports show it."""
