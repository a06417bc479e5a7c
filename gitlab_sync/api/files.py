"""Files of a repository: the text of one, and the paths of all."""

from __future__ import annotations

import base64
import binascii
import codecs
from urllib.parse import quote

from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import BadResponse, ConfigurationError, NotFound
from gitlab_sync.listing import Listing
from gitlab_sync.plans import read_all, read_one
from gitlab_sync.rest import Rest
from gitlab_sync.rules import record

_NO_FILE = "file not found"
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file_content(
    client: Rest, project_id: int | str, path: str, ref: str | None = None
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
    where = endpoint(project_id, f"repository/files/{quote(name, safe='')}")
    try:
        found = read_one(client, where, {"ref": ref or "HEAD"})
    except NotFound as error:
        if _NO_FILE in error.message.lower():
            return None
        raise
    content = found.get("content")
    if not isinstance(content, str):
        raise BadResponse("The answer holds no content of a file", status=200)
    if record.text(found, "encoding") != "base64":
        return content
    try:
        return _decoded(base64.b64decode(content))
    except binascii.Error:
        raise BadResponse("The content of the file is no base64", status=200) from None


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content.startswith(_WIDE) else "utf-8-sig"
    return content.decode(encoding, "replace")


def list_all_files(client: Rest, project_id: int | str, branch: str | None = "main") -> list[str]:
    """Return the paths of all files of a branch, tag or commit (None: the default branch).

    Folders and submodules are none. Raises NotFound for a project or branch that is not there,
    and the other errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    # Only keyset goes on beyond 50,000 entries.
    params = {"ref": branch or None, "recursive": True, "pagination": "keyset"}
    rows = read_all(client, Listing(endpoint(project_id, "repository/tree"), params))
    paths = (record.text(row, "path") for row in rows if record.text(row, "type") == "blob")
    return list(dict.fromkeys(path for path in paths if path))
