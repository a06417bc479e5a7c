"""What the server keeps on its disk: nothing, unless its operator says so; of the demo never."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages.state import store_setting
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import LiveSource
from gitlab_sync.pages.widgets.page_query import PageQuery
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.services.reader import GitLabReader


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the server a disk of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    store_setting._store.cache_clear()
    yield tmp_path
    store_setting._store.cache_clear()


def visitor(sandbox: Sandbox, name: str = "admin") -> SignIn:
    """Sign a person in."""
    return SignIn.check(sandbox.url, Credential(sandbox.token(name)))


def answer(world: World, sign_in: SignIn) -> Report:
    """Ask what the page of batches asks, as a job does."""
    query = PeopleQuery([Person(name) for name in world.truth.usernames])
    page_query = PageQuery("batch", query.key, "people", query, GitLabReader.users)
    return page_query.work(LiveSource(sign_in, "mentor"), Run(source="rest"))


def facts_asked(sandbox: Sandbox) -> int:
    """Count what was asked about single merge requests, and start the count again."""
    found = sum("/merge_requests/" in each.path for each in sandbox.traffic.exchanges)
    sandbox.traffic.reset()
    return found


def test_without_a_word_of_the_operator_nothing_is_kept(
    world: World, sandbox: Sandbox, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server has many people's data."""
    monkeypatch.delenv("GITLAB_SYNC_STORE", raising=False)
    answer(world, visitor(sandbox))
    assert not list(cache.iterdir())


def test_where_it_is_kept_the_next_answer_asks_for_no_facts(
    world: World, sandbox: Sandbox, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same person; another one's are their own."""
    monkeypatch.setenv("GITLAB_SYNC_STORE", "on")
    sign_in = visitor(sandbox)
    first = answer(world, sign_in)
    assert facts_asked(sandbox) > 0
    assert list(answer(world, sign_in)) == list(first)
    assert facts_asked(sandbox) == 0
    answer(world, visitor(sandbox, world.truth.usernames[0]))
    assert facts_asked(sandbox) > 0
    assert list(cache.rglob("*.sqlite"))


def test_nothing_is_kept_of_the_demo(
    world: World, sandbox: Sandbox, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its GitLab is another one at each start."""
    monkeypatch.setenv("GITLAB_SYNC_STORE", "on")
    answer(world, replace(visitor(sandbox), is_demo=True))
    assert not list(cache.iterdir())


def test_a_word_that_means_nothing_is_a_clear_error(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says which words there are."""
    monkeypatch.setenv("GITLAB_SYNC_STORE", "maybe")
    with pytest.raises(ConfigurationError, match="maybe") as raised:
        store_setting.store_for(visitor(sandbox))
    assert "read-only" in str(raised.value.hint)
