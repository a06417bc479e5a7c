"""The command line: it parses and prints, and does nothing that the library cannot."""
