"""The version, read by the package and by setup.cfg."""

__version__ = "0.2.0"
