"""`gitlab_sync.api.files`: the text of a file, and the paths of all."""

from __future__ import annotations

import base64

import orjson
import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.api import files
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    ServerError,
)
from gitlab_sync.sandbox import Sandbox, World

PROJECT = 101
README = "/projects/101/repository/files/README.md"


def answer(content: bytes | str, encoding: str = "base64") -> str:
    """Return GitLab's answer for a file of that content."""
    text = content if isinstance(content, str) else base64.b64encode(content).decode()
    return orjson.dumps({"file_path": "README.md", "encoding": encoding, "content": text}).decode()


# -- one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("project", [PROJECT, "acme/figures", "acme%2Ffigures", "acme/old-figures"])
@pytest.mark.parametrize("ref", ["main", "HEAD", "", None])
def test_read_file_content_gives_the_text(
    client: GitLabClient, world: World, project: int | str, ref: str | None
) -> None:
    """Without a ref it is the default branch's."""
    found = files.read_file_content(client, project, "README.md", ref)
    assert found == world.tables.files[PROJECT]["README.md"]


@pytest.mark.parametrize(
    "path",
    ["a/b/c.txt", "100%.txt", "what?.md", "a b&c=d#e+f.txt", "a%2Fb.txt", "ünï/код.py", ".x"],
)
def test_read_file_content_finds_any_path(client: GitLabClient, world: World, path: str) -> None:
    """Whatever letters it has."""
    world.tables.files[PROJECT][path] = f"This is {path}."
    assert files.read_file_content(client, PROJECT, path, "main") == f"This is {path}."
    assert files.read_file_content(client, PROJECT, f"/{path}", "main") == f"This is {path}."


def test_only_a_file_that_is_not_there_is_none(client: GitLabClient) -> None:
    """A project or a ref that is not there says nothing of the file."""
    assert files.read_file_content(client, PROJECT, "NOTHING.md", "main") is None
    assert files.read_file_content(client, PROJECT, "src", "main") is None
    with pytest.raises(NotFound, match="Project"):
        files.read_file_content(client, "acme/nothing", "README.md", "main")
    with pytest.raises(NotFound, match="Commit"):
        files.read_file_content(client, PROJECT, "README.md", "no-such-branch")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationError), (403, PermissionDenied), (404, NotFound), (500, ServerError)],
)
def test_a_file_that_could_not_be_read_is_not_none(
    client: GitLabClient, sandbox: Sandbox, status: int, kind: type[Exception]
) -> None:
    """Else a project without access would have no README."""
    sandbox.faults.add("status", path=README, status=status, times=None)
    with pytest.raises(kind, match=str(status)):
        files.read_file_content(client, PROJECT, "README.md", "main")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        ("naïve\r\n".encode(), "naïve\r\n"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        ("wide ü".encode("utf-16"), "wide ü"),
        (b"Copyright \xa9 1999", "Copyright \ufffd 1999"),
        (b"\x89PNG\x00\xff", "\ufffdPNG\x00\ufffd"),
    ],
)
def test_read_file_content_decodes_what_it_can(
    client: GitLabClient, sandbox: Sandbox, content: bytes, text: str
) -> None:
    """One odd letter hides no file."""
    sandbox.faults.add("status", path=README, status=200, body=answer(content))
    assert files.read_file_content(client, PROJECT, "README.md", "main") == text


def test_a_content_that_is_not_encoded_is_taken_as_it_is(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Old servers could be asked for it."""
    sandbox.faults.add("status", path=README, status=200, body=answer("plain", "text"))
    assert files.read_file_content(client, PROJECT, "README.md", "main") == "plain"


@pytest.mark.parametrize("body", ['{"message": "no"}', "[]", '{"content": null}', answer("a")])
def test_an_answer_without_a_content_is_an_error(
    client: GitLabClient, sandbox: Sandbox, body: str
) -> None:
    """No error body is a text."""
    sandbox.faults.add("status", path=README, status=200, body=body, times=None)
    with pytest.raises(BadResponse):
        files.read_file_content(client, PROJECT, "README.md", "main")


def test_a_blank_path_or_project_is_refused(client: GitLabClient, sandbox: Sandbox) -> None:
    """Neither names a file."""
    for project, path in ((PROJECT, " / "), (PROJECT, ""), ("", "README.md")):
        with pytest.raises(ConfigurationError):
            files.read_file_content(client, project, path, "main")
    assert sandbox.traffic.total == 0


# -- all -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("project", [PROJECT, "acme/figures"])
def test_list_all_files_gives_the_paths_of_blobs(
    client: GitLabClient, world: World, project: int | str
) -> None:
    """Of all folders, without the folders and without submodules."""
    submodule = {"id": "0" * 40, "name": "lib", "type": "commit", "path": "lib", "mode": "160000"}
    world.tables.tree[PROJECT].append(submodule)
    assert sorted(files.list_all_files(client, project)) == sorted(world.tables.files[PROJECT])


def test_list_all_files_reads_all_pages_by_keyset(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Numbered pages end at 50,000 entries."""
    blob = world.tables.tree[PROJECT][-1]
    paths = [f"many/file-{number:03}.txt" for number in range(250)]
    world.tables.tree[PROJECT] = [{**blob, "path": path} for path in paths]
    assert files.list_all_files(client, PROJECT, "main") == paths
    queries = [exchange.query for exchange in sandbox.traffic.exchanges]
    assert len(queries) == 3
    assert all("pagination=keyset" in query for query in queries)


def test_a_branch_that_is_not_there_has_no_files(client: GitLabClient) -> None:
    """It is an error, not an empty list; without a branch it is the default one."""
    assert files.list_all_files(client, PROJECT, None)
    with pytest.raises(NotFound, match="Tree"):
        files.list_all_files(client, PROJECT, "no-such-branch")
    with pytest.raises(NotFound, match="Project"):
        files.list_all_files(client, "acme/nothing")


def test_a_tree_that_breaks_off_is_an_error(
    client: GitLabClient, sandbox: Sandbox, world: World
) -> None:
    """A file that was not listed would count as missing."""
    blob = world.tables.tree[PROJECT][-1]
    world.tables.tree[PROJECT] = [{**blob, "path": f"{number:03}"} for number in range(250)]
    sandbox.faults.add("status", path="/projects/*/repository/tree", nth=2, status=403)
    with pytest.raises(PermissionDenied) as raised:
        files.list_all_files(client, PROJECT)
    assert raised.value.partial is not None
    assert len(raised.value.partial) == 100
