"""What a person's dates mean, and what GitLab is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfoNotFoundError

import pytest
import tzlocal

from gitlab_sync.api import period
from gitlab_sync.api.period import active_within, created_within, given_period, local_zone
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import Period, moment_in


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set this machine to the time of Berlin."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        tzlocal.reload_localzone()
        yield
    tzlocal.reload_localzone()


def test_days_are_those_of_the_machine_in_summer_and_in_winter(berlin: None) -> None:
    """Each with the offset of its own time of the year."""
    winter = given_period("2024-01-05", "2024-01-05")
    assert winter.start == datetime(2024, 1, 4, 23, tzinfo=UTC)
    assert winter.end == datetime(2024, 1, 5, 22, 59, 59, 999_999, tzinfo=UTC)
    assert given_period("2024-07-05", None).start == datetime(2024, 7, 4, 22, tzinfo=UTC)


def test_the_zone_of_the_machine_shows_moments_as_its_clocks_do(berlin: None) -> None:
    """For the days of time logs."""
    zone = local_zone()
    summer, winter = moment_in("2024-07-05T22:30:00Z", zone), moment_in("2024-01-05T23:30Z", zone)
    assert summer is not None
    assert winter is not None
    assert (summer.date(), summer.hour, summer.tzname()) == (date(2024, 7, 6), 0, "CEST")
    assert (winter.date(), winter.hour) == (date(2024, 1, 6), 0)
    assert summer == datetime(2024, 7, 5, 22, 30, tzinfo=UTC)


def test_the_ends_of_the_calendar_do_no_harm(berlin: None) -> None:
    """Neither as bounds nor as filters."""
    ends = given_period("0001-01-01", "9999-12-31")
    assert created_within(ends) == {}


def test_a_machine_without_a_named_zone_is_told_to_name_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An offset alone does not say when summer time begins."""

    def no_name() -> tzinfo:
        raise ZoneInfoNotFoundError("IST-5:30")

    monkeypatch.setattr(period, "get_localzone", no_name)
    monkeypatch.setenv("TZ", "IST-5:30")
    with pytest.raises(ConfigurationError, match="IST-5:30") as raised:
        given_period("2024-01-05", None)
    assert "TZ" in str(raised.value.hint)


def test_the_server_is_asked_for_a_day_more_on_both_sides() -> None:
    """What is in the period is decided here."""
    wanted = Period(datetime(2024, 3, 2, tzinfo=UTC), datetime(2024, 3, 5, 12, tzinfo=UTC))
    assert created_within(wanted) == {
        "created_after": "2024-03-01T00:00:00+00:00",
        "created_before": "2024-03-06T12:00:00+00:00",
    }
    assert created_within(Period()) == {}


def test_something_happened_to_an_item_between_its_creation_and_its_last_change() -> None:
    """So the list holds all to which anything may have happened in the period."""
    wanted = Period(datetime(2024, 3, 2, tzinfo=UTC), datetime(2024, 3, 5, 12, tzinfo=UTC))
    assert active_within(wanted) == {
        "updated_after": "2024-03-01T00:00:00+00:00",
        "created_before": "2024-03-06T12:00:00+00:00",
    }
    assert active_within(Period()) == {}


def test_what_is_no_time_is_refused() -> None:
    """With what was given."""
    with pytest.raises(ConfigurationError, match="someday"):
        given_period("someday", None)
