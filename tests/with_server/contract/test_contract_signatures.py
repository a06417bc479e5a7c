"""Each name of the drop-in contract is there and takes what older code gives it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from documents import text_of

import gitlab_sync

MADE = {
    "GitLabClient": "base_url, token, is_oauth=False",
    "BatchClient": "base_url, private_token",
    "GitLabUsersAPI": "client",
}

ATTRIBUTES = {
    "GitLabClient": (
        "base_url", "api_base", "token", "is_oauth", "error_msg", "last_rate_limit", "client",
    ),
    "BatchClient": ("private_token", "users"),
}  # fmt: skip

_PAGED = "endpoint, params=None, per_page=100"
_WHO = "client, user_id, username=None, since=None, until=None, project_ids=None"

METHODS: Mapping[str, Mapping[str, str]] = {
    "GitLabClient": {
        "get": "endpoint, params=None",
        "_get": "endpoint, params=None",
        "get_all": f"{_PAGED}, max_pages=None, all=False",
        "_get_paginated": f"{_PAGED}, max_pages=10, all=False",
        "iter_pages": f"{_PAGED}, max_pages=None",
        "request": "method, endpoint, params=None",
        "_request": "method, endpoint, params=None",
        "batch_evaluate_mrs": "usernames, project_id=None, group_id=None, mr_scope='author'",
        "batch_evaluate_issues": "usernames, project_id=None, group_id=None, issue_scope='author'",
        "batch_evaluate_mrs_efficiently": "mrs",
        "batch_evaluate_issues_efficiently": "issues",
        "_evaluate_single_mr": "mr",
        "_evaluate_single_mr_efficiently": "mr",
        "_evaluate_single_issue": "issue",
        "_evaluate_single_issue_efficiently": "issue",
        "_run_sync": "thunk, timeout=None",
        "close": "",
    },
    "BatchClient": {"_get_paginated": f"{_PAGED}, max_pages=20, all=False"},
    "GitLabUsersAPI": {
        "get_by_username": "username",
        "get_by_userid": "user_id",
        "get_user_projects": "user_id",
        "get_user_groups": "user_id",
        "get_user_issues": "user_id",
        "get_user_merge_requests": "user_id",
        "get_user_project_count": "user_id",
        "get_user_group_count": "user_id",
        "get_user_issue_count": "user_id",
        "get_user_mr_count": "user_id",
        "get_user_commits": "user_info",
    },
}

HELPERS: Mapping[str, Mapping[str, str]] = {
    "api.users": {"get_user_by_username": "client, username"},
    "api.projects": {
        "extract_path_from_url": "x",
        "get_project_with_retries": "client, path_or_id, retries=3, backoff=1",
        "get_user_projects": "client, user_id, username",
        "search_projects": "client, query",
    },
    "api.groups": {
        "get_user_groups": "client, user_id",
        "get_group_members": "client, group_path, limit=None",
    },
    "api.merge_requests": {
        "get_user_mrs": _WHO,
        "get_single_user_live_mr_compliance": "client, project_ids, selected_user_name",
    },
    "api.issues": {"get_user_issues": _WHO},
    "api.commits": {"get_user_commits": "client, user, projects, since=None, until=None"},
    "api.timelogs": {
        "fetch_user_timelogs": "client, username, start, end",
        "fetch_user_timelogs_from_projects": "client, user_id, projects, start_date, end_date",
        "build_daily_time_from_time_stats": (
            "issues, mrs, client, start_str, end_str, existing_daily_times=None"
        ),
        "aggregate_daily_time": "logs",
        "format_time_spent": "seconds",
    },
    "api.files": {
        "read_file_content": "client, project_id, path, ref=None",
        "list_all_files": "client, project_id, branch='main'",
    },
    "api.branches": {"get_project_branches": "client, project_id"},
    "api.token": {
        "get_user_from_token": "base_url, token",
        "get_user_groups": "base_url, token",
        "validate_token": "base_url, token",
    },
    "api.lockfiles": {
        "parse_uvlock_content": "text",
        "extract_dependencies_from_project": "client, project_id, branch='main'",
    },
    "rules.description": {"analyze_description": "text"},
    "rules.ci_pipeline": {"check_ci_pipeline": "text, project_type='Unknown'"},
    "batch": {
        "resolve_project_paths": "client, paths",
        "process_single_user": (
            "client, username, since=None, until=None, project_ids=None, override_email=None, "
            "override_username=None, time_since=None, time_until=None"
        ),
        "process_batch_users": (
            "client, usernames, since=None, until=None, project_ids=None, overrides=None, "
            "on_progress=None"
        ),
    },
}


def parameters(member: Any) -> str:
    """Return what a call may give by position, with the defaults; further ones must be optional."""
    found = [each for each in inspect.signature(member).parameters.values() if each.name != "self"]
    by_position = [each for each in found if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert all(each.default is not inspect.Parameter.empty for each in set(found) - {*by_position})
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in by_position]
    return str(inspect.Signature(plain)).strip("()")


def test_what_is_made_takes_what_older_code_gives() -> None:
    """By position and by name; whatever is new is optional, and by name only."""
    for name, wanted in MADE.items():
        assert parameters(getattr(gitlab_sync, name)) == wanted, name


@pytest.mark.parametrize("owner", METHODS)
def test_methods_take_what_older_code_gives(owner: str) -> None:
    """Names, order and defaults."""
    for name, wanted in METHODS[owner].items():
        assert parameters(getattr(getattr(gitlab_sync, owner), name)) == wanted, name


@pytest.mark.parametrize("module", HELPERS)
def test_helpers_take_what_older_code_gives(module: str) -> None:
    """Names, order and defaults."""
    for name, wanted in HELPERS[module].items():
        assert parameters(getattr(import_module(f"gitlab_sync.{module}"), name)) == wanted, name


def test_attributes_are_there_before_anything_is_asked() -> None:
    """Programs read them right after making a client."""
    for owner, names in ATTRIBUTES.items():
        client = getattr(gitlab_sync, owner)("https://gitlab.example", "x")
        assert [name for name in names if not hasattr(client, name)] == []


def test_the_migration_guide_says_where_every_helper_is() -> None:
    """Its list by module is exactly this one."""
    guide = text_of("migrating")
    listed = dict(re.findall(r"^\| `gitlab_sync\.([\w.]+)` \| (`.*`) \|$", guide, re.MULTILINE))
    found = {module: set(re.findall(r"`(\w+)`", names)) for module, names in listed.items()}
    assert found == {module: set(names) for module, names in HELPERS.items()}
