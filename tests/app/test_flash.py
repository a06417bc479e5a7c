"""Values that a page leaves for the same browser's next page."""

from __future__ import annotations

from gitlab_sync.pages.state.flash import FlashStore


def test_a_value_is_for_the_browser_that_left_it_and_for_one_page() -> None:
    """The last value counts."""
    store: FlashStore[str] = FlashStore()
    store.put("a", "first")
    store.put("a", "second")
    assert store.pop("b") is None
    assert store.pop("a") == "second"
    assert store.pop("a") is None


def test_a_value_expires() -> None:
    """One that is just in time still counts."""
    now = 1000.0
    store: FlashStore[str] = FlashStore(life=900.0, clock=lambda: now)
    for key in ("a", "b"):
        store.put(key, "value")
    now += 899.0
    assert store.pop("a") == "value"
    now += 1.0
    assert store.pop("b") is None


def test_values_of_browsers_that_do_not_come_back_do_not_pile_up() -> None:
    """The oldest is dropped."""
    store: FlashStore[str] = FlashStore(most=2)
    for key in ("a", "b", "a", "c"):
        store.put(key, key)
    assert [store.pop(key) for key in ("a", "b", "c")] == ["a", None, "c"]
