"""Groups, projects and memberships of a generated world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gitlab_sync.sandbox.making.builder import Builder, utc
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record

GUEST, DEVELOPER, MAINTAINER, OWNER = 10, 30, 40, 50


def add_group(
    builder: Builder, number: int, path: str, *, parent: Record | None = None, private: bool = False
) -> Record:
    """Add a group, below `parent` if one is given, and return its record."""
    full = f"{parent['full_path']}/{path}" if parent else path
    name = path.replace("-", " ").title()
    record = {
        "id": number,
        "web_url": f"{builder.url}/groups/{full}",
        "name": name,
        "path": path,
        "description": "",
        "visibility": "private" if private else "public",
        "share_with_group_lock": False,
        "require_two_factor_authentication": False,
        "project_creation_level": "developer",
        "subgroup_creation_level": "maintainer",
        "emails_disabled": None,
        "lfs_enabled": True,
        "avatar_url": None,
        "request_access_enabled": True,
        "full_name": f"{parent['full_name']} / {name}" if parent else name,
        "full_path": full,
        "created_at": utc(builder.today - timedelta(days=900)),
        "parent_id": parent["id"] if parent else None,
        "archived": False,
    }
    builder.tables.groups.append(record)
    return record


def add_project(
    builder: Builder,
    number: int,
    path: str,
    owner: Record | Person,
    *,
    visibility: str = "public",
    archived: bool = False,
    description: str | None = None,
    topics: Sequence[str] = (),
    fork_of: Record | None = None,
) -> Record:
    """Add a project in a group or in a person's own namespace, and return its record."""
    namespace = _namespace(builder, owner)
    full = f"{namespace['full_path']}/{path}"
    url = f"{builder.url}/{full}"
    name = path.replace("-", " ").title()
    record: Record = {
        "id": number,
        "description": description,
        "name": name,
        "name_with_namespace": f"{namespace['name']} / {name}",
        "path": path,
        "path_with_namespace": full,
        "created_at": utc(builder.today - timedelta(days=700 - number % 50)),
        "default_branch": "main",
        "tag_list": list(topics),
        "topics": list(topics),
        "ssh_url_to_repo": f"git@{builder.url.partition('://')[2]}:{full}.git",
        "http_url_to_repo": f"{url}.git",
        "web_url": url,
        "readme_url": f"{url}/-/blob/main/README.md",
        "forks_count": 0,
        "avatar_url": None,
        "star_count": builder.random.randrange(40),
        "last_activity_at": utc(builder.ago(20)),
        "updated_at": utc(builder.ago(20)),
        "namespace": namespace,
        "empty_repo": False,
        "archived": archived,
        "visibility": visibility,
        "issues_enabled": True,
        "merge_requests_enabled": True,
        "wiki_enabled": True,
        "jobs_enabled": True,
        "creator_id": owner.id if isinstance(owner, Person) else 1,
        "open_issues_count": 0,
        "merge_method": "merge",
        "squash_option": "default_off",
        "ci_config_path": None,
        "shared_with_groups": [],
        "only_allow_merge_if_pipeline_succeeds": False,
        "remove_source_branch_after_merge": True,
    }
    if fork_of is not None:
        fork_of["forks_count"] += 1
        shown = ("id", "name", "path", "path_with_namespace", "web_url")
        record["forked_from_project"] = {key: fork_of[key] for key in shown}
    builder.tables.projects.append(record)
    return record


def _namespace(builder: Builder, owner: Record | Person) -> Record:
    if isinstance(owner, Person):
        return {
            "id": 7000 + owner.id,
            "name": owner.record["name"],
            "path": owner.username,
            "kind": "user",
            "full_path": owner.username,
            "parent_id": None,
            "avatar_url": None,
            "web_url": f"{builder.url}/{owner.username}",
        }
    return {
        "id": owner["id"],
        "name": owner["name"],
        "path": owner["path"],
        "kind": "group",
        "full_path": owner["full_path"],
        "parent_id": owner["parent_id"],
        "avatar_url": None,
        "web_url": owner["web_url"],
    }


def join(builder: Builder, kind: str, source: Record, person: Person, level: int) -> None:
    """Make a person a member of a "project" or "group"."""
    builder.tables.memberships.append(
        {
            "source_type": kind,
            "source_id": source["id"],
            "user_id": person.id,
            "access_level": level,
            "created_at": utc(builder.today - timedelta(days=600)),
        }
    )


def settle_groups(builder: Builder) -> None:
    """Note in the truth which projects each group stands for, now that all are there."""
    tables = builder.tables
    parents = {group["id"]: group["parent_id"] for group in tables.groups}
    members: dict[int, set[int]] = {group: set() for group in parents}
    for project in tables.projects:
        if project["archived"] or project["namespace"]["kind"] != "group":
            continue
        group: int | None = project["namespace"]["id"]
        while group is not None:
            members[group].add(project["id"])
            group = parents[group]
    builder.truth.projects_of_group = {group: frozenset(ids) for group, ids in members.items()}
