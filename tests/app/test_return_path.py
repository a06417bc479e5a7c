"""Where in the app somebody was who went elsewhere to sign in."""

from __future__ import annotations

from gitlab_sync.pages.state.places import LIFE, MOST_LETTERS, Place, Places


def test_a_place_is_for_the_browser_that_left_it_and_once() -> None:
    """The last one counts."""
    places = Places()
    first, second = Place("profile", {"user": ["ann"]}), Place("weekly")
    places.leave("a", first)
    places.leave("a", second)
    assert places.take("b") is None
    assert places.take("a") == second
    assert places.take("a") is None


def test_whoever_takes_too_long_begins_anew() -> None:
    """What was left just in time still counts."""
    now = 1000.0
    places = Places(clock=lambda: now)
    for key in ("a", "b"):
        places.leave(key, Place("profile"))
    now += LIFE - 1
    assert places.take("a") == Place("profile")
    now += 1
    assert places.take("b") is None


def test_nothing_was_left_on_a_clock_that_has_just_begun() -> None:
    """As right after the machine was started."""
    assert Places(clock=lambda: 1.0).take("a") is None


def test_places_that_nobody_comes_back_to_do_not_pile_up() -> None:
    """The oldest go."""
    places = Places(most=2)
    for key in ("a", "b", "a", "c"):
        places.leave(key, Place(key))
    assert [places.take(key) for key in ("a", "b", "c")] == [Place("a"), None, Place("c")]


def test_a_place_holds_no_secret_and_no_endless_query() -> None:
    """The page stays, and so does what is none."""
    token = "glpat-0123456789abcdefghij"
    place = Place.of("batch", {"users": [f"ann\n{token}"], "licences": ["MIT", "ISC"]})
    assert token not in repr(place)
    assert place.query["licences"] == ["MIT", "ISC"]
    assert Place.of("batch", {"users": ["a" * (MOST_LETTERS + 1)]}) == Place("batch")
