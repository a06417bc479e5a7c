"""Files of a repository: the text of one, and the paths of all."""

from __future__ import annotations

import base64
import binascii
import codecs

from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound
from gitlab_sync.http.urls import encode_segment
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

    Returns None only if project and ref exist and the file does not. The text is decoded as UTF-8,
    or as UTF-16 if it has a byte order mark; other bytes become U+FFFD, so neither an odd character
    nor a picture is an error. Raises NotFound if the project or the ref does not exist, and
    ConfigurationError for an empty path.
    """
    name = str(path or "").strip("/")
    if not name.strip(" /"):
        raise ConfigurationError("The path of the file must not be empty")
    try:
        return text_of(read_one(client, file_endpoint(project_id, name), {"ref": ref or "HEAD"}))
    except NotFound as error:
        if _NO_FILE in error.message.lower():
            return None
        raise


def list_all_files(client: Client, project_id: int | str, branch: str | None = "main") -> list[str]:
    """Return the paths of all files of a branch, tag or commit (None: the default branch).

    Folders and submodules are left out. Raises NotFound if project or branch do not exist.
    """
    rows = read_all(client, tree_of(project_id, branch))
    paths = (record.text(row, "path") for row in rows if record.text(row, "type") == "blob")
    return list(dict.fromkeys(path for path in paths if path))


def file_endpoint(project_id: int | str, path: str) -> str:
    """Return the endpoint of one file's record, given its path in the repository."""
    return endpoint(project_id, f"repository/files/{encode_segment(path)}")


def text_of(file: Record) -> str:
    """Return the text in a file's record, decoded as `read_file_content` says.

    Raises BadResponse if the record holds no content.
    """
    data = bytes_of(file)
    return data.decode("utf-16" if data.startswith(_WIDE) else "utf-8-sig", "replace")


def bytes_of(file: Record) -> bytes:
    """Return the bytes in a file's record; BadResponse if it holds no content."""
    content = file.get("content")
    if not isinstance(content, str):
        raise BadResponse("The answer must hold the content of a file, got none", status=200)
    if record.text(file, "encoding") != "base64":
        return content.encode()
    try:
        return base64.b64decode(content)
    except binascii.Error:
        raise BadResponse("The content of the file must be base64", status=200) from None


def tree_of(project_id: int | str, ref: str | None, *, recursive: bool = True) -> RestList:
    """Return the list of files, folders and submodules at a branch, tag or commit.

    With None as `ref` it is the default branch. Without `recursive` it is the root folder alone.
    """
    # Only keyset pagination goes beyond 50,000 entries.
    params = {"ref": ref or None, "recursive": recursive, "pagination": "keyset"}
    return RestList(endpoint(project_id, "repository/tree"), params)
