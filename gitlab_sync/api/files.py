"""Files of a repository: the text of one, and the paths of all."""

from __future__ import annotations

import base64
import binascii
import codecs
from urllib.parse import quote

from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import read_all, read_one
from gitlab_sync.types import Record

_NO_FILE = "file not found"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file_content(
    client: Client, project_id: int | str, path: str, ref: str | None = None
) -> str | None:
    """Return the text of a file at a branch, tag or commit (`ref`; None: the default branch).

    None only if the project and the ref are there and the file is not. Text is UTF-8, or UTF-16
    with its mark; bytes that are neither become U+FFFD, so that one odd letter hides no file and a
    picture is no error. Raises NotFound for a project or ref that is not there, and the other
    errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    name = str(path or "").strip("/")
    if not name.strip(" /"):
        raise ConfigurationError("The path of the file is empty")
    try:
        return text_of(read_one(client, file_endpoint(project_id, name), {"ref": ref or "HEAD"}))
    except NotFound as error:
        if _NO_FILE in error.message.lower():
            return None
        raise


def list_all_files(client: Client, project_id: int | str, branch: str | None = "main") -> list[str]:
    """Return the paths of all files of a branch, tag or commit (None: the default branch).

    Folders and submodules are none. Raises NotFound for a project or branch that is not there,
    and the other errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    rows = read_all(client, tree_of(project_id, branch))
    paths = (record.text(row, "path") for row in rows if record.text(row, "type") == "blob")
    return list(dict.fromkeys(path for path in paths if path))


def file_endpoint(project_id: int | str, path: str) -> str:
    """Return the endpoint of one file's record, given its path in the repository."""
    return endpoint(project_id, f"repository/files/{quote(path, safe='')}")


def text_of(file: Record) -> str:
    """Return the text in a file's record; how bytes become text says `read_file_content`.

    Raises BadResponse if the record holds none.
    """
    content = file.get("content")
    if not isinstance(content, str):
        raise BadResponse("The answer holds no content of a file", status=200)
    if record.text(file, "encoding") != "base64":
        return content
    try:
        data = base64.b64decode(content)
    except binascii.Error:
        raise BadResponse("The content of the file is no base64", status=200) from None
    return data.decode("utf-16" if data.startswith(_WIDE) else "utf-8-sig", "replace")


def tree_of(project_id: int | str, ref: str | None, *, recursive: bool = True) -> RestList:
    """Return the list of files, folders and submodules at a branch, tag or commit.

    None as `ref` is the default branch. Without `recursive` the list is of what lies at the root.
    """
    # Only keyset goes on beyond 50,000 entries.
    params = {"ref": ref or None, "recursive": recursive, "pagination": "keyset"}
    return RestList(endpoint(project_id, "repository/tree"), params)
