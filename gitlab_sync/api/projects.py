"""Projects: one by id, path or URL, those of a person, and a search."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from gitlab_sync.api import users
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.http.urls import encode_id
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.shape import FLAG, ID, NAME, PATH, Kind, Shape
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.session import workflow
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client, session_of
from gitlab_sync.types import Record, RecordList

# How git writes SSH addresses without a scheme: [user@]host:path. No path of GitLab has a colon.
_SCP = re.compile(r"(?:[^@/:\s]+@)?[^@/:\s]+:(?!//)/?(?P<path>\S+)")


_OWNER = Kind("user or group", lambda value: value in ("user", "group"))
SHAPE = Shape(
    "project",
    {
        "id": ID,
        "name": NAME.if_any(),
        "path_with_namespace": NAME,
        "empty_repo": FLAG.if_any(),
    },
    {"namespace": Shape("namespace", {"kind": _OWNER, "path": NAME, "full_path": PATH.if_any()})},
)
_PUSH = Shape("push", {"project_id": ID.or_null()})


def endpoint(project_id: int | str, below: str = "") -> str:
    """Return the endpoint of a project, given its id or path, or one `below` it.

    Raises ConfigurationError for a blank project, which would name the list of all projects.
    """
    segment = encode_id(project_id)
    if not segment:
        raise ConfigurationError("The project must not be empty", hint="Give its id or path.")
    return f"projects/{segment}/{below}" if below else f"projects/{segment}"


def extract_path_from_url(x: object) -> str:
    """Return the path of the project in a web, `.git` or SSH URL; never raises.

    What follows `/-/` is left out. A plain path or an id is returned as text. If GitLab is below a
    prefix of its host (`https://host/gitlab/…`), the prefix stays: only the client knows it.
    """
    text = "" if x is None else str(x).strip()
    path = _path(text)
    if path == text and "/-/" not in text and not text.endswith(("/-", ".git")):
        return text
    path = f"{path.strip('/')}/".partition("/-/")[0].strip("/")
    return path.removesuffix(".git").rstrip("/")


def path_at(client: Client, name: object) -> str:
    """Return the id or path that an id, a path or a URL names at the client's instance.

    Of a project, it is as `extract_path_from_url` has it, also where GitLab is below a prefix of
    its host. Empty for a blank name; never raises.
    """
    text = str(name or "").strip().removeprefix(session_of(client).base_url + "/")
    return extract_path_from_url(text).strip("/")


def _path(text: str) -> str:
    if "://" in text:
        try:
            return unquote(urlsplit(text).path)
        except ValueError:
            return text.partition("://")[2].partition("/")[2]
    short = _SCP.fullmatch(text)
    return text if short is None else short["path"]


def get_project_with_retries(
    client: Client,
    path_or_id: int | str,
    retries: int = 3,  # noqa: ARG001 - the contract's; the transport retries by itself
    backoff: float = 1,  # noqa: ARG001 - likewise
) -> Record | None:
    """Return the project with this id, path or URL; None if there is none.

    Every request is retried if that can help, so `retries` and `backoff` change nothing.
    """
    path = path_at(client, path_or_id)
    if not path:
        return None
    try:
        return workflow.read_one(client, endpoint(path))
    except NotFound:
        return None


def search_projects(client: Client, query: str) -> RecordList:
    """Return all projects with `query` in their name, path or description; none for a blank one.

    With a `/` in it, the namespaces are searched, too.
    """
    text = str(query or "").strip()
    if not text:
        return RecordList()
    namespaces = True if "/" in text else None
    return workflow.read_all(
        client, RestList("projects", {"search": text, "search_namespaces": namespaces})
    )


@dataclass(frozen=True, slots=True)
class UserProjects:
    """A person's projects, each once. Immutable.

    `personal` are in the person's own namespace, `contributed` anywhere else. If there are
    `errors`, projects with malformed records are missing.
    """

    personal: list[Record]
    contributed: list[Record]
    errors: tuple[GitLabSyncError, ...] = ()

    @property
    def all(self) -> list[Record]:
        """Both, the personal ones first."""
        return [*self.personal, *self.contributed]

    def as_dict(self) -> dict[str, list[Record]]:
        """Return the older shape: `{"personal", "contributed", "all"}`."""
        return {"personal": self.personal, "contributed": self.contributed, "all": self.all}


def get_user_projects(client: Client, user_id: int | str, username: str) -> dict[str, list[Record]]:
    """Return a person's projects as `{"personal", "contributed", "all"}`, including archived ones.

    `of_user` says which projects these are. A malformed record of one of them raises BadResponse.
    """
    found = workflow.run_workflow(client, of_user(user_id, username))
    for error in found.errors:
        raise error
    return found.as_dict()


def of_user(user_id: int | str, username: str) -> workflow.Workflow[UserProjects]:
    """Return the workflow that finds a person's projects.

    It reads the person's own projects, those they contributed to in the last year, and their
    pushes, which GitLab keeps for three years. Projects that are gone or that the token cannot see
    are left out.
    """
    number = users.user_number(user_id)
    wanted = rest_lists(number)
    if not username:
        wanted["user"] = users.by_id(number)
    wanted["pushes"] = RestList(f"users/{number}/events", {"action": "pushed"}, shape=_PUSH)
    found = yield wanted
    faults: list[GitLabSyncError] = []
    pushes = workflow.usable(found["pushes"], faults)
    name = username or workflow.whole(found["user"])[0]["username"]
    projects = by_id(
        row for kind in rest_lists(number) for row in workflow.usable(found[kind], faults)
    )
    pushed = dict.fromkeys(event["project_id"] for event in pushes)
    further = yield {
        str(key): RestList(endpoint(key), single=True, shape=SHAPE)
        for key in pushed
        if key is not None and key not in projects
    }
    for each in further.values():
        if not isinstance(each.error, NotFound):
            projects |= by_id(workflow.usable(each, faults))
    theirs = UserProjects([], [], tuple(faults))
    for project in projects.values():
        kind = theirs.personal if is_personal(project, name) else theirs.contributed
        kind.append(project)
    return theirs


def rest_lists(user: int) -> dict[str, RestList]:
    """Return the two lists of a person's projects: their own, and those they contributed to.

    Both include archived projects. The second goes back one year and leaves out the person's own.
    """
    kinds = ("projects", "contributed_projects")
    return {kind: RestList(f"users/{user}/{kind}", shape=SHAPE) for kind in kinds}


def by_id(rows: Iterable[Record]) -> dict[int | str, Record]:
    """Return projects by their ids, each once, in order."""
    return {project["id"]: project for project in unique_records(rows)}


def is_personal(project: Record, username: str) -> bool:
    """Return whether a project is in this person's own namespace."""
    namespace = record.field(project, "namespace")
    path = record.text(namespace, "path") or ""
    return record.text(namespace, "kind") == "user" and username_key(path) == username_key(username)
