"""Batches over people under the names of the drop-in contract."""

from gitlab_sync.profiles import process_batch_users, process_single_user, resolve_project_paths
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests

__all__ = [
    "evaluate_issues",
    "evaluate_merge_requests",
    "process_batch_users",
    "process_single_user",
    "resolve_project_paths",
]
