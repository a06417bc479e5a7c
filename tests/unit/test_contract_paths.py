"""Each path that the drop-in contract names can be imported, wherever its code is."""

from __future__ import annotations

from importlib import import_module

import pytest

PATHS = [
    "gitlab_sync.GitLabClient",
    "gitlab_sync.BatchClient",
    "gitlab_sync.GitLabUsersAPI",
    "gitlab_sync.errors.ConfigurationError",
    "gitlab_sync.errors.NotFound",
    "gitlab_sync.errors.RateLimited",
    "gitlab_sync.errors.BadResponse",
    "gitlab_sync.api.users.get_user_by_username",
    "gitlab_sync.api.projects.extract_path_from_url",
    "gitlab_sync.api.projects.get_project_with_retries",
    "gitlab_sync.api.projects.get_user_projects",
    "gitlab_sync.api.projects.search_projects",
    "gitlab_sync.api.groups.get_user_groups",
    "gitlab_sync.api.groups.get_group_members",
    "gitlab_sync.api.merge_requests.get_user_mrs",
    "gitlab_sync.api.merge_requests.get_single_user_live_mr_compliance",
    "gitlab_sync.api.issues.get_user_issues",
    "gitlab_sync.api.commits.get_user_commits",
    "gitlab_sync.api.timelogs.fetch_user_timelogs",
    "gitlab_sync.api.timelogs.fetch_user_timelogs_from_projects",
    "gitlab_sync.api.timelogs.build_daily_time_from_time_stats",
    "gitlab_sync.api.timelogs.aggregate_daily_time",
    "gitlab_sync.api.timelogs.format_time_spent",
    "gitlab_sync.api.files.read_file_content",
    "gitlab_sync.api.files.list_all_files",
    "gitlab_sync.api.branches.get_project_branches",
    "gitlab_sync.api.token.get_user_from_token",
    "gitlab_sync.api.token.get_user_groups",
    "gitlab_sync.api.token.validate_token",
    "gitlab_sync.api.lockfiles.parse_uvlock_content",
    "gitlab_sync.api.lockfiles.extract_dependencies_from_project",
    "gitlab_sync.rules.description.analyze_description",
    "gitlab_sync.rules.ci_pipeline.check_ci_pipeline",
    "gitlab_sync.batch.resolve_project_paths",
    "gitlab_sync.batch.process_single_user",
    "gitlab_sync.batch.process_batch_users",
    "gitlab_sync.profiles.process_single_user",
    "gitlab_sync.profiles.process_batch_users",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_the_contract_can_be_imported(path: str) -> None:
    """As `from module import name`, from a module that imports on its own."""
    module, _, name = path.rpartition(".")
    assert callable(getattr(import_module(module), name))
