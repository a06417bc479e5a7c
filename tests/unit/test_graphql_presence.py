"""Whether an instance has GraphQL: one request finds out for all of a run."""

from __future__ import annotations

import pytest

from gitlab_sync.errors import Cancelled
from gitlab_sync.http.wire import Answer
from gitlab_sync.session.graphql_presence import GraphQLPresence, KnownPresence

GOOD, MISSING, BROKEN = (Answer(status, {}, b"") for status in (200, 404, 502))


def test_while_one_request_asks_the_others_are_held_back() -> None:
    """They get no answer, and are not sent."""
    presence = GraphQLPresence(KnownPresence())
    held: list[Answer | None] = []

    def first() -> Answer:
        held.append(presence.ask(lambda: pytest.fail("it was sent"), waits=True))
        return GOOD

    assert presence.ask(first, waits=True) is GOOD
    assert held == [None]


def test_a_request_that_does_not_wait_is_sent_at_once() -> None:
    """It costs more than to find out, and knows what to do without GraphQL."""
    presence = GraphQLPresence(KnownPresence())
    within: list[Answer | None] = []

    def first() -> Answer:
        within.append(presence.ask(lambda: BROKEN, waits=False))
        return GOOD

    assert presence.ask(first, waits=True) is GOOD
    assert within == [BROKEN]


def test_a_404_is_the_answer_to_all_that_come_later() -> None:
    """None of them is sent."""
    presence = GraphQLPresence(KnownPresence())
    assert presence.ask(lambda: MISSING, waits=True) is MISSING
    assert presence.ask(lambda: pytest.fail("it was sent"), waits=False) is MISSING


def test_another_run_asks_an_instance_without_graphql_again() -> None:
    """It can have been switched on since."""
    known = KnownPresence()
    GraphQLPresence(known).ask(lambda: MISSING, waits=True)
    assert GraphQLPresence(known).ask(lambda: GOOD, waits=True) is GOOD


def test_an_instance_that_answered_once_holds_nothing_back_in_any_run() -> None:
    """Even while a request is under way."""
    known = KnownPresence()
    GraphQLPresence(known).ask(lambda: GOOD, waits=True)
    presence = GraphQLPresence(known)
    assert (
        presence.ask(lambda: presence.ask(lambda: GOOD, waits=True) or BROKEN, waits=True) is GOOD
    )


@pytest.mark.parametrize("ends", ["badly", "cancelled"])
def test_after_any_other_end_the_others_ask_side_by_side(ends: str) -> None:
    """Neither says whether there is GraphQL, and one by one they would take as long as all."""
    presence = GraphQLPresence(KnownPresence())

    def cancelled() -> Answer:
        raise Cancelled("enough")

    if ends == "cancelled":
        with pytest.raises(Cancelled):
            presence.ask(cancelled, waits=True)
    else:
        assert presence.ask(lambda: BROKEN, waits=True) is BROKEN
    assert (
        presence.ask(lambda: presence.ask(lambda: BROKEN, waits=True) or GOOD, waits=True) is BROKEN
    )
