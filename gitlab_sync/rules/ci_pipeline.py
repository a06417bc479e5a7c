"""The drop-in contract's path to `rules.projects.ci_pipeline`."""

from gitlab_sync.rules.projects.ci_pipeline import check_ci_pipeline

__all__ = ["check_ci_pipeline"]
