"""The sandbox's CI lint answers as GitLab's documentation and specifications say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from shelf import Shelf

from gitlab_sync import GitLabClient
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.sandbox import Sandbox, World


@pytest.fixture
def shelf(sandbox: Sandbox) -> Shelf:
    """Return a shelf of the sandbox."""
    return Shelf(sandbox)


def lint(client: GitLabClient, path: str, **params: Any) -> Any:
    """Return GitLab's answer about a project's pipeline."""
    return client.get(f"projects/{path.replace('/', '%2F')}/ci/lint", params)


def serve(shelf: Shelf, path: str, texts: dict[str, str], **project: Any) -> str:
    """Serve a project with exactly these files."""
    shelf.put(texts, path_with_namespace=path, **project)
    world = shelf.world
    world.tables.files[world.tables.projects[-1]["id"]] = dict(texts)
    return path


def test_includes_are_merged_and_listed(client: GitLabClient, shelf: Shelf) -> None:
    """Local files, files of other projects, components and templates; own keys win."""
    serve(shelf, "g/shared", {"ci.yml": "b: {script: one, stage: x}\n.c: {script: pytest}\n"})
    serve(shelf, "g/parts", {"templates/scan.yml": "scan: {script: trivy}\n"})
    path = serve(shelf, "g/app", {
        ".gitlab-ci.yml": (
            "include: [a.yml, {project: g/shared, file: /ci.yml, ref: v1},"
            " {component: gitlab.example/g/parts/scan@1}, {template: Jobs/SAST.gitlab-ci.yml}]\n"
            "b: {script: two}\nd: {extends: .c}\ne: {script: !reference [.c, script]}\n"
        ),
        "a.yml": "a: {script: zero}\n",
    })  # fmt: skip
    answer = lint(client, path)
    assert (answer["valid"], answer["errors"], answer["warnings"]) == (True, [], [])
    merged = yaml.safe_load(answer["merged_yaml"])
    assert "include" not in merged
    assert merged["b"] == {"script": "two", "stage": "x"}
    assert merged["d"]["script"] == merged["e"]["script"] == "pytest"
    assert {"a", "scan"} <= set(merged)
    kinds = [(each["type"], each["location"]) for each in answer["includes"]]
    assert kinds == [
        ("local", "a.yml"),
        ("file", "ci.yml"),
        ("component", "gitlab.example/g/parts/scan@1"),
        ("template", "Jobs/SAST.gitlab-ci.yml"),
    ]
    assert answer["includes"][1]["extra"] == {"project": "g/shared", "ref": "v1"}
    assert "jobs" not in answer
    assert "jobs" in lint(client, path, include_jobs=True)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Please provide content of .gitlab-ci.yml"),
        (".a: {script: x}", "jobs config should contain at least one visible job"),
        ("include: b.yml", "Local file `b.yml` does not exist!"),
        (
            "include: {project: no/such, file: a.yml}",
            "Project `no/such` not found or access",
        ),
        ("include: https://gitlab.example/a.yml", "could not be fetched"),
    ],
)
def test_a_pipeline_that_gitlab_refuses_is_invalid(
    text: str, error: str, client: GitLabClient, shelf: Shelf
) -> None:
    """That is status 200, with the reason; nothing is merged."""
    answer = lint(client, serve(shelf, "g/app", {".gitlab-ci.yml": text}))
    assert answer["valid"] is False
    assert error in answer["errors"][0]
    assert answer["includes"] == []


def test_who_may_not_read_code_gets_no_pipeline(
    make_client: Callable[..., GitLabClient], shelf: Shelf, world: World
) -> None:
    """404 for a stranger to a private project, 403 for its guest, the answer for its reporter."""
    path = serve(shelf, "g/app", {".gitlab-ci.yml": "a: {script: x}"}, visibility="private")
    number, person = world.tables.projects[-1]["id"], world.tables.users[3]
    theirs = make_client(person["username"])
    for level, status in ((None, 404), (10, 403), (20, None)):
        if level is not None:
            world.tables.memberships.append({
                "source_type": "project", "source_id": number, "user_id": person["id"],
                "access_level": level,
            })  # fmt: skip
            world.changed()
        if status is None:
            assert lint(theirs, path)["valid"]
        else:
            with pytest.raises(GitLabSyncError) as raised:
                lint(theirs, path)
            assert raised.value.status == status


def test_an_unknown_commit_and_an_empty_repository_are_not_found(
    client: GitLabClient, shelf: Shelf
) -> None:
    """As for files."""
    path = serve(shelf, "g/app", {".gitlab-ci.yml": "a: {script: x}"})
    assert lint(client, path, content_ref="main")["valid"]
    with pytest.raises(GitLabSyncError, match="404 Commit Not Found"):
        lint(client, path, content_ref="no-such")
    empty = serve(shelf, "g/empty", {}, empty_repo=True)
    with pytest.raises(GitLabSyncError, match="404 Repository Not Found"):
        lint(client, empty)
