"""python-gitlab as its documentation shows it: objects, one request after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gitlab
import gitlab.v4.objects  # the first `Gitlab` would load it, and imports are not measured

from benchmarks.work import FACTS, PER_PAGE, Done, Task, Work, list_query, proof_of

TITLE = "python-gitlab, one after another"
HOW = "its objects, one `Gitlab`, no threads"
PACKAGES = ("python-gitlab", "requests")
SERIAL = True


def client(work: Work) -> gitlab.Gitlab:
    """Return a `Gitlab`, set up for long pages."""
    return gitlab.Gitlab(work.url, private_token=work.token, per_page=PER_PAGE)


def merge_requests(gl: gitlab.Gitlab, username: str) -> list[Any]:
    """Return the ended merge requests of one person."""
    listed = gl.mergerequests.list(iterator=True, query_parameters=list_query(username))
    return [mr for mr in listed if mr.state in {"merged", "closed"}]


def facts(gl: gitlab.Gitlab, mr: Any) -> int:
    """Read what the evaluation of one merge request needs, and return the proof of it."""
    project = gl.projects.get(mr.project_id, lazy=True)
    whole = project.mergerequests.get(mr.iid, lazy=True)
    # There is no object for this list (`diffs` of theirs are versions), so it is asked by its path.
    path = f"/projects/{mr.project_id}/merge_requests/{mr.iid}/diffs"
    diffs = gl.http_list(path, iterator=True, per_page=PER_PAGE)
    proof = proof_of(row[FACTS["diffs"]] for row in diffs)
    # The `per_page` of a `Gitlab` reaches only what goes through `list` of a manager.
    objects: dict[str, Iterable[Any]] = {
        "notes": whole.notes.list(iterator=True),
        "commits": whole.commits(per_page=PER_PAGE),
        "pipelines": whole.pipelines.list(iterator=True),
    }
    for name, found in objects.items():
        proof += proof_of(getattr(each, FACTS[name]) for each in found)
    return proof


def read(work: Work) -> Done:
    """Read everybody's list and the facts of all ended merge requests, in turn."""
    gl = client(work)
    found = [mr for name in work.usernames for mr in merge_requests(gl, name)]
    return Done(len(found), sum(facts(gl, mr) for mr in found))


def long_list(work: Work) -> Done:
    """Read one list as its iterator does: page after page."""
    query = list_query(work.options["author"])
    ids = [mr.id for mr in client(work).mergerequests.list(iterator=True, query_parameters=query)]
    return Done(len(ids), proof_of(ids))


TASKS: dict[str, Task] = {"read": read, "long_list": long_list}
