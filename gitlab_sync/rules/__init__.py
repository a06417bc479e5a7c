"""The rules: pure functions over what was read, with no I/O and no clock."""
