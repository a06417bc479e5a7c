"""The drop-in contract's path to `rules.items.description`."""

from gitlab_sync.rules.items.description import analyze_description

__all__ = ["analyze_description"]
