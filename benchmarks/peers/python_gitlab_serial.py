"""python-gitlab as its documentation shows it: objects, one request after another."""

from __future__ import annotations

from typing import Any

import gitlab
import gitlab.v4.objects  # the first `Gitlab` would load it, and imports are not measured

from benchmarks.work import PER_PAGE, Done, Task, Work, list_query

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
    """Read what a judgement of one merge request needs, and count it."""
    project = gl.projects.get(mr.project_id, lazy=True)
    whole = project.mergerequests.get(mr.iid, lazy=True)
    rows = sum(1 for _ in whole.notes.list(iterator=True))
    # The `per_page` of a `Gitlab` reaches only what goes through `list` of a manager.
    rows += sum(1 for _ in whole.commits(per_page=PER_PAGE))
    # There is no object for this list (`diffs` of theirs are versions), so it is asked by its path.
    path = f"/projects/{mr.project_id}/merge_requests/{mr.iid}/diffs"
    rows += sum(1 for _ in gl.http_list(path, iterator=True, per_page=PER_PAGE))
    return rows + sum(1 for _ in whole.pipelines.list(iterator=True))


def batch(work: Work) -> Done:
    """Read everybody's list and the facts of all ended merge requests, in turn."""
    gl = client(work)
    found = [mr for name in work.usernames for mr in merge_requests(gl, name)]
    for mr in found:
        facts(gl, mr)
    return Done(len(found))


TASKS: dict[str, Task] = {"batch": batch}
