"""Reads lists of projects, pasted or uploaded, and names every bad line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.bounds import BeyondBounds, first_faults
from gitlab_sync.rules.delimited import list_lines, records_of

# The clearest first: “Project” can be a name, and “Id” the number of anything.
PROJECT_TITLES = (
    "path_with_namespace",
    "project path",
    "web_url",
    "project url",
    "project id",
    "project",
    "projects",
    "path",
    "url",
    "repository",
    "id",
)

# A URL can contain a `#`.
_COMMENT = re.compile(r"(?:^|\s)#.*")
_BETWEEN = re.compile(r"[\s,;]+")
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ProjectsInput:
    """The projects that were read, each once, and the faults as `line 3: …`."""

    names: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def parse_projects(text: str) -> ProjectsInput:
    """Return the projects of a text: ids, paths or URLs, separated by line breaks or commas.

    `#` begins a comment. An invalid project is left out, and is a fault with its line. Never
    raises.
    """
    try:
        lines = list_lines(text)
    except BeyondBounds as beyond:
        return ProjectsInput(faults=(f"line 1: {beyond}",))
    names: dict[str, str] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        for name in filter(None, _BETWEEN.split(_COMMENT.sub("", line))):
            fault = project_fault(name)
            if fault is None:
                names.setdefault(name.lower(), name)
            else:
                faults.append(f"line {number}: {fault}")
    return ProjectsInput(tuple(names.values()), tuple(first_faults(faults)))


def project_fault(name: str) -> str | None:
    """Return why this cannot be the id, path or URL of a project, or None."""
    if re.search(r"\s", name):
        return "a project has no spaces in its path"
    # The web and SSH addresses of a project contain its path.
    if re.fullmatch(r"[0-9]+", name) or "/" in name.strip("/"):
        return None
    shown = without_secrets(name)[:_MOST_SHOWN]
    return f"“{shown}” is not a project: give group/project, its number or its address"


def projects_of_csv(text: str) -> str:
    """Return the projects of a CSV file, one a line; never raises.

    They are in the column with one of `PROJECT_TITLES`; without such a header, in the first column.
    A record that could not be read becomes a comment.
    """
    records = records_of(text)
    rows, column = records.rows, 0
    titles = [title.lower() for title in rows[0][1]] if rows else []
    found = next((titles.index(title) for title in PROJECT_TITLES if title in titles), None)
    if found is not None:
        rows, column = rows[1:], found
    names = [cells[column] for _, cells in rows if column < len(cells) and cells[column]]
    faults = [f"# line {line}: {fault}" for line, fault in records.faults]
    return "\n".join([*names, *faults])
