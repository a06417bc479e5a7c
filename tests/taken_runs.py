"""Snapshots of a sandbox, taken in this process, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from gitlab_sync import GitLabClient
from gitlab_sync.http.credentials import Credential
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.taking import SnapshotQuery, take
from gitlab_sync.snapshots.writing import write


def take_run(
    sandbox: Sandbox,
    folder: Path,
    people: Iterable[Person],
    groups: Sequence[str] = (),
    policy: Policy = FAIR,
) -> str:
    """Read people and groups as an administrator, write them as a run, and return its name."""
    query = SnapshotQuery(tuple(people), groups, policy, zone=ZoneInfo("UTC"))
    with GitLabClient(sandbox.url, Credential(ADMIN_TOKEN)) as client:
        taken = take(client, query)
    return write(Folder.at(str(folder)), query, taken, sandbox.url).run
