"""Follows the folders in which commands run, below the root of a repository."""

from __future__ import annotations

import posixpath
import re

HERE, ROOT, PWD = "$HERE", "$CI_PROJECT_DIR", "$PWD"
"""The folder of the script itself, the repository's root, and where the command runs."""

_VARIABLE = re.compile(r"^\$\{?(\w+)\}?(?=/|$)")
_MOST = 300
_ROOTS = frozenset({"CI_PROJECT_DIR", "GITHUB_WORKSPACE", "CI_PROJECT_PATH"})


def below(folder: str | None, path: str, here: str = "") -> str | None:
    """Return the place of a path that is named in `folder`; None if it is unknown.

    `here` is the folder of the script. A path outside the repository is unknown.
    """
    found = _VARIABLE.match(path)
    if found:
        path = path[found.end() :].lstrip("/")
        name = found[1]
        if name in _ROOTS:
            folder = ""
        elif name == HERE[1:]:
            folder = here
        elif name != PWD[1:]:
            return None
    elif not path or path == "-":
        return None
    if folder is None or path.startswith(("/", "~")) or "$" in path:
        return None
    if len(folder) + len(path) > _MOST:
        return None
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined == "." or joined.startswith(".."):
        return "" if joined == "." else None
    return joined
