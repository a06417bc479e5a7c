"""This project, evaluated by its own command with its own policy: `make compliance`.

The files of this folder are served by a sandbox as a project, and the command reads that. The table
of what it says is put into README.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "with_server")]

from cli_runs import environment, run  # noqa: E402 - after the folders of the tests
from documents import ROOT  # noqa: E402
from project_files import project_files  # noqa: E402

from gitlab_sync.sandbox import Sandbox, World, generate_world  # noqa: E402
from gitlab_sync.sandbox.making.repositories import tree  # noqa: E402

POLICY = ROOT / ".gitlab" / "policy.toml"
README = ROOT / "README.md"
PATH = "tools/gitlab-sync"
_NUMBER = 5001
_PLACE = re.compile(r"(<!-- compliance -->\n).*?(<!-- end -->)", re.DOTALL)
RESULTS = ("pass", "fail", "waived", "unknown", "not applicable")


def own_world() -> World:
    """Return a world with this project, as a commit of this folder would be."""
    world = generate_world(seed=1, users=1, merge_requests=0, issues=0, projects=1)
    texts = {name: _text(ROOT / name) for name in project_files()}
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    metadata = setup["metadata"]
    record = {
        **world.tables.projects[0],
        "id": _NUMBER,
        "path": "gitlab-sync",
        "path_with_namespace": PATH,
        "web_url": f"{world.external_url}/{PATH}",
        "description": metadata["description"],
        "topics": metadata["keywords"].split(", "),
    }
    world.tables.projects.append(record)
    world.tables.tree[_NUMBER] = tree(texts)
    world.tables.files[_NUMBER] = texts
    world.tables.languages[_NUMBER] = {}  # the rules count the files themselves
    world.changed()
    return world


def _text(path: Path) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return ""  # a picture


def own_report() -> dict[str, Any]:
    """Return what `gitlab-sync compliance` says of this project by its policy."""
    with Sandbox(own_world()) as sandbox, tempfile.TemporaryDirectory() as home:
        told = {"GITLAB_URL": sandbox.url, "GITLAB_TOKEN": sandbox.token()}
        done = run(
            environment(Path(home), **told),
            *("compliance", PATH, "--details", "--format", "json", "--policy", str(POLICY)),
        )
    assert done.returncode == 0, done.stderr.decode()
    (row,) = json.loads(done.stdout)
    return dict(row)


def table(report: dict[str, Any]) -> str:
    """Return the score, and by area which checks have which result, as Markdown."""
    areas: dict[str, dict[str, list[str]]] = {}
    for each in report["Checks"]:
        areas.setdefault(each["Area"], {}).setdefault(each["Result"], []).append(each["Check"])
    results = sorted({result for found in areas.values() for result in found}, key=RESULTS.index)
    lines = [
        f"Score: {report['Compliance Score']:g} %, by `make compliance`.",
        "",
        f"| area | {' | '.join(results)} |",
        "|---" * (len(results) + 1) + "|",
    ]
    for area, found in areas.items():
        cells = [", ".join(found.get(result, ())) for result in results]
        lines.append(f"| {area} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def filled(text: str, report: dict[str, Any]) -> str:
    """Return a document with the table in its place."""
    return _PLACE.sub(lambda found: f"{found[1]}{table(report)}{found[2]}", text)


if __name__ == "__main__":
    os.chdir(ROOT)
    found = own_report()
    README.write_text(filled(README.read_text(encoding="utf-8"), found), encoding="utf-8")
    sys.stdout.write(table(found))
