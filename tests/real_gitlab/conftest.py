"""What the tests are about: a real GitLab, if one is named, and the sandbox in its place always.

Nothing is written to a real one: after each test it is made sure that it only read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.exchanges import Exchange, observe
from gitlab_sync.sandbox import Sandbox, generate_world
from gitlab_sync.services.doctor.asking import Asking
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Session
from gitlab_sync.types import Record

# The real command in this process.
sys.path.insert(0, str(Path(__file__).parents[1] / "with_server"))

from named_gitlab import GitLab, named_gitlab
from only_reading import READING, writes

NAMED = named_gitlab()
_PATIENCE = 120.0  # seconds, of a server that is busy or limits requests
_LOOKED_AT = 20  # projects


@pytest.fixture(scope="session", params=["sandbox"] if NAMED is None else ["sandbox", "real"])
def gitlab(request: pytest.FixtureRequest) -> Iterator[GitLab]:
    """Return the sandbox, then the GitLab that is named, if there is one."""
    if request.param == "real":
        assert NAMED is not None
        yield NAMED
        return
    world = generate_world(seed=3, users=4, merge_requests=6, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield GitLab(sandbox.url, sandbox.token("alice.moreau"), sandbox)


@pytest.fixture
def only_reads(gitlab: GitLab) -> Iterator[None]:
    """Make sure that a test sent nothing but reads: by our own word, and by the sandbox's."""
    sent: list[Exchange] = []
    end = observe(sent.append)
    if gitlab.sandbox is not None:
        gitlab.sandbox.traffic.reset()
    yield
    end()
    assert [each for each in sent if each.method not in READING | {"POST"}] == []
    assert {each.route for each in sent if each.method == "POST"} <= {"/api/graphql"}
    if gitlab.sandbox is not None:
        assert writes(gitlab.sandbox) == []


@pytest.fixture
def session(gitlab: GitLab) -> Iterator[Session]:
    """Return a session that waits for rate limits."""
    with Bridge(4) as bridge:
        whole = Session(gitlab.url, Credential(gitlab.token), bridge=bridge, timeout=_PATIENCE)
        with whole.context(limit=_PATIENCE, max_wait=_PATIENCE) as made:
            yield made


@pytest.fixture
def asking(session: Session) -> Asking:
    """Return what shows answers with their headers."""
    return Asking(session)


@pytest.fixture
def merged(session: Session) -> Record:
    """Return a merge request that was merged lately, as lists have it; skip if none is visible."""
    active = {"order_by": "last_activity_at", "simple": True, "per_page": _LOOKED_AT}
    for membership in (True, False):
        projects = session.get("projects", {**active, "membership": membership})
        for project in projects:
            path = f"projects/{project['id']}/merge_requests"
            found = session.get(path, {"state": "merged", "order_by": "updated_at", "per_page": 1})
            if found:
                row: Record = found[0]
                return row
    pytest.skip("this token sees no merged merge request")
