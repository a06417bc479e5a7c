"""The report about many people: what a page keeps of it."""

from __future__ import annotations

import gc

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.pages.state.size import size_of
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.items import items_sheet
from gitlab_sync.services.people import answer
from gitlab_sync.services.people_report import PeopleQuery, PersonAnswer
from gitlab_sync.types import TableRow


@pytest.fixture
def world() -> World:
    """Make a world of some people with more than a few items."""
    return generate_world(seed=2, users=6, merge_requests=20, issues=10, projects=3)


def items(person: PersonAnswer, meta: Meta) -> list[TableRow]:
    """Return the table of the items behind a person's row."""
    return list(items_sheet(person.summary.username, person.fixes, meta).rows)


def test_without_lists_it_shows_the_same_and_takes_a_quarter_of_the_memory(
    client: GitLabClient, world: World
) -> None:
    """Rows, remarks, and the items behind each row."""
    people = tuple(map(Person, [*world.truth.usernames, "nobody.here"]))
    report = answer(client, PeopleQuery(people))
    light = report.without_lists()
    meta = report.meta(client.base_url)
    assert list(light) == list(report)
    assert light.meta(client.base_url) == meta
    assert light.people.keys() == report.people.keys()
    for name, person in report.people.items():
        assert items(light.people[name], meta) == items(person, meta)
        assert light.people[name].unknown == person.unknown
        assert light.people[name].summary.error == person.summary.error
    assert sum(len(items(person, meta)) for person in report.people.values()) > 50
    assert size_of(light) < size_of(report) / 4


def test_what_was_read_leaves_nothing_to_the_garbage_collector(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """It is much: it must be free as soon as the report is all that is asked for."""
    people = tuple(map(Person, sandbox.world.truth.usernames))

    def records() -> set[int]:
        found = (each for each in gc.get_objects() if isinstance(each, dict))
        return {id(each) for each in found if "target_branch" in each}

    gc.collect()
    gc.disable()
    try:
        before = records()  # those of the sandbox
        report = answer(client, PeopleQuery(people)).without_lists()
        assert len(report) == len(people)
        assert not records() - before
    finally:
        gc.enable()
