"""The result of a check as files: for pipelines, for other tools, and for people."""
