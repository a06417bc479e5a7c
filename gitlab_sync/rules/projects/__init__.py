"""Compliance of projects: documents, licences, CI pipelines and tools."""
