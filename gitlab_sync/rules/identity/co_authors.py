"""Reads who wrote a commit together: the trailers `Co-authored-by: Name <address>`."""

from __future__ import annotations

import re

from gitlab_sync.rules import record
from gitlab_sync.types import Record

_TRAILER = re.compile(r"^co-authored-by:([^<>\n]*)<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)


def co_authors(commit: Record) -> list[Record]:
    """Return a record with `author_name` and `author_email` for each co-author, each once.

    A line that is indented is no trailer, since it can quote one. Never raises.
    """
    found = _TRAILER.findall(record.text(commit, "message") or "")
    signatures = dict.fromkeys((name.strip(), address.strip()) for name, address in found)
    return [{"author_name": name, "author_email": address} for name, address in signatures]
