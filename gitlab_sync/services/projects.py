"""The projects that a question names: those that there are, and those that there are not."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.api.projects import endpoint, path_at
from gitlab_sync.errors import AuthenticationError, Cancelled, NotFound
from gitlab_sync.rules.shape import WITH_ID
from gitlab_sync.rules.unique import several
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import Workflow, as_result, run_workflows, whole


def resolve_project_paths(
    client: Client, paths: Iterable[int | str]
) -> tuple[list[int], list[int | str]]:
    """Return `(ids, failed)`: the ids of projects named by path, URL or id, and the names of none.

    `failed` has, as they were given, the names of projects that do not exist or that the token may
    not read. Raises AuthenticationError and Cancelled, which are no project's fault. Thread-safe.
    """
    given = [path for path in dict.fromkeys(several("paths", paths)) if str(path).strip()]
    with session_of(client).call() as session:
        workflows = ((path, as_result(_id_of(session, path))) for path in given)
        found = dict(run_workflows(session, workflows))
    ids: list[int] = []
    failed: list[int | str] = []
    for path in given:
        result = found[path]
        if isinstance(result.error, AuthenticationError | Cancelled):
            raise result.error
        if result.value is None:
            failed.append(path)
        else:
            ids.append(result.value)
    return ids, failed


def known_projects(
    session: Session, names: Iterable[int | str]
) -> tuple[list[int | str], list[int | str]]:
    """Return the ids of the projects that were named by id, path or URL, and the unknown names.

    Raises NotFound if projects were named and not one of them can be read. Thread-safe.
    """
    ids, unknown = resolve_project_paths(session, names)
    if unknown and not ids:
        shown = ", ".join(map(str, unknown[:3]))
        raise NotFound(
            f"404 {'project' if len(unknown) == 1 else 'projects'} {shown} not found",
            status=404,
            hint="Check the path, and that the token can see it.",
        )
    return list(ids), unknown


def _id_of(session: Session, path: int | str) -> Workflow[int]:
    where = endpoint(path_at(session, path))
    found = yield {"project": RestList(where, single=True, shape=WITH_ID)}
    return int(whole(found["project"])[0]["id"])
