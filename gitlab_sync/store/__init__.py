"""Keeps on disk what need not be read again. Everything here is thread-safe."""
