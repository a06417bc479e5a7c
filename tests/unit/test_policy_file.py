"""The policy file: found upward, valid as a whole or refused with all of its faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.policy_file import NAME, load
from gitlab_sync.policy_model import schema
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy

DAY = 86_400


def written(folder: Path, text: str, name: str = NAME) -> Path:
    """Write a policy into a folder."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def days(policy: Policy, start: str, end: str) -> float:
    """Return the working days between two days in UTC."""
    moments = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end))
    seconds = policy.terms.working_time.seconds(*moments)
    assert seconds is not None
    return seconds / DAY


def fault(folder: Path, text: str) -> str:
    """Return what is said of a file that is not valid."""
    with pytest.raises(ConfigurationError) as raised:
        load(str(written(folder, text)))
    return str(raised.value)


def test_the_built_in_policies_have_names() -> None:
    """Whatever is in the folder."""
    assert load("fair") is FAIR
    assert load("classic") is CLASSIC


def test_the_nearest_file_upward_is_the_policy(tmp_path: Path) -> None:
    """A nearer one wins; without one it is fair."""
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    assert load(folder=inner) is FAIR
    written(tmp_path, "time_tracking = true")
    assert load(folder=inner).terms.time_tracking
    written(tmp_path / "a", "time_tracking = false")
    assert not load(folder=inner).terms.time_tracking


def test_a_file_says_what_the_rules_use(tmp_path: Path) -> None:
    """Zone, days off, labels, paths, bots, and what is asked for."""
    policy = load(
        str(
            written(
                tmp_path,
                """
                timezone = "Asia/Kolkata"
                holidays = ["IN", 2024-03-05]
                time_tracking = true
                milestones = "always"
                [checks.no_unit_tests]
                exempt_labels = ["docs"]
                [paths]
                source = ["*.tex", "!old/**"]
                [bots]
                names = ["our-release"]
                """,
            )
        )
    )
    terms = policy.terms
    assert policy.name == NAME
    assert str(terms.working_time.zone) == "Asia/Kolkata"
    assert days(policy, "2024-03-04", "2024-03-06") == 1
    assert days(policy, "2024-01-25", "2024-01-27") == pytest.approx(1 - 5.5 / 24)  # Republic Day
    assert (terms.time_tracking, terms.milestones) == (True, "always")
    assert terms.exempt_labels == {"no_unit_tests": {"docs"}}
    assert [terms.paths.is_source(path) for path in ("a/b.tex", "old/b.tex", "a.py")] == [1, 0, 0]
    assert terms.paths.is_test("tests/a.py")
    assert terms.bots == {"our-release"}


def test_a_file_can_extend_another(tmp_path: Path) -> None:
    """Tables merge, lists and values replace."""
    written(
        tmp_path,
        'timezone = "Asia/Tokyo"\nholidays = ["JP"]\n[checks.no_desc]\nexempt_labels = ["a"]',
        "base.toml",
    )
    own = 'extends = "base.toml"\nholidays = []\n[checks.no_issues]\nexempt_labels = ["b"]'
    terms = load(str(written(tmp_path, own))).terms
    assert str(terms.working_time.zone) == "Asia/Tokyo"
    assert terms.exempt_labels == {"no_desc": {"a"}, "no_issues": {"b"}}
    assert datetime(2024, 1, 1).date() not in terms.working_time.holidays  # noqa: DTZ001 - a day


def test_files_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    """The message has the way."""
    written(tmp_path, f'extends = "{NAME}"', "base.toml")
    assert f"in a circle: {NAME} → base.toml → {NAME}" in fault(tmp_path, 'extends = "base.toml"')


def test_all_faults_are_named_at_once_with_their_places(tmp_path: Path) -> None:
    """And what is near to a name that is not known."""
    told = fault(
        tmp_path,
        """
        timezon = "UTC"
        timezone = "Asia/Kolkatta"
        holidays = ["XX", 5]
        time_tracking = "yes"
        milestones = "sometimes"
        [checks.no_unit_test]
        [checks.no_desc]
        exempt_label = ["a"]
        """,
    )
    for expected in (
        "timezon: unknown key. Did you mean timezone?",
        "timezone: must be a time zone. Did you mean Asia/Kolkata?, got “Asia/Kolkatta”",
        "holidays.0",
        "must be a date, or the code of a country or a region, got “XX”",
        "time_tracking: must be a valid boolean, got “yes”",
        "milestones: must be 'off', 'if used' or 'always', got “sometimes”",
        "unknown check. Did you mean no_unit_tests?",
        "checks.no_desc.exempt_label: unknown key. Did you mean exempt_labels?",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("timezone = ", "Invalid value"),
        ("a" + ".a" * 20_000 + " = 1", "a key with more than 30 parts"),
        ("x = " + "[" * 5000, "too many levels"),
        ("# " + "x" * 3_000_000, "MiB"),
    ],
)
def test_a_text_that_is_no_policy_is_refused_in_a_word(
    tmp_path: Path, text: str, reason: str
) -> None:
    """Quickly, whatever it is."""
    assert reason in fault(tmp_path, text)


def test_a_name_that_is_neither_a_policy_nor_a_file_is_refused() -> None:
    """With the nearest one."""
    with pytest.raises(ConfigurationError, match="fair, classic or a file, got “fare”") as raised:
        load("fare")
    assert raised.value.hint == "Did you mean fair?"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """As any other fault."""
    (tmp_path / NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not valid"):
        load(folder=tmp_path)


def test_the_schema_has_all_keys() -> None:
    """It says what they are for."""
    properties = schema()["properties"]
    assert set(properties) == {
        *("extends", "timezone", "holidays", "time_tracking", "milestones", "checks"),
        *("paths", "bots"),
    }
    keys = [key for key in properties if "$ref" not in properties[key]]
    assert all("description" in properties[key] for key in keys)
