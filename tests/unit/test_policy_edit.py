"""A waiver is added to a policy file, and nothing else of the file changes."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.policies.edit import add_waiver, valid_waiver, waiver_toml, with_waiver
from gitlab_sync.policies.file import load
from gitlab_sync.rules.waiver import Waiver

UNTIL = date(2026, 12, 31)
NOW = datetime(2026, 12, 31, 18, 29, tzinfo=UTC)
WAIVER = Waiver("no_desc", "pair-programmed", "mentor1", UNTIL, item="courses/app!42")
BLOCK = """\
[[waivers]]
check = "no_desc"
item = "courses/app!42"
reason = "pair-programmed"
by = "mentor1"
until = 2026-12-31
"""
OTHER = '[[waivers]]  # why\ncheck = "no_issues"\nreason = "x"\nby = "y"\nuntil = 2026-01-01\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", BLOCK),
        ("# ours\n", f"# ours\n\n{BLOCK}"),
        ("# ours", f"# ours\n\n{BLOCK}"),
        (f"a = 1 # b\n\n{OTHER}", f"a = 1 # b\n\n{OTHER}\n{BLOCK}"),
        (f"{OTHER}# end\n[x] # c\ny = 1\n", f"{OTHER}# end\n[x] # c\ny = 1\n\n{BLOCK}"),
        (f"{OTHER}[x]\ny = 1\n{OTHER}", f"{OTHER}[x]\ny = 1\n{OTHER}\n{BLOCK}"),
        ("a = 1\r\n", f"a = 1\r\n\n{BLOCK}".replace("\r\n", "\n").replace("\n", "\r\n")),
        (
            "waivers = []  # none\n[x]\n",
            f"waivers = [{{{', '.join(BLOCK.splitlines()[1:])}}}]  # none\n[x]\n",
        ),
    ],
)
def test_the_file_grows_by_the_waiver_and_keeps_everything_else(text: str, expected: str) -> None:
    """Comments, order, ends of lines, and a list that is written on one line."""
    assert with_waiver(text, WAIVER) == expected


@given(
    reason=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    limit=st.sampled_from([{}, {"project": "a/b"}, {"group": "a"}, {"person": "ann"}]),
    before=st.sampled_from(["", "# ours\n", OTHER, "waivers = []\n"]),
)
def test_what_is_written_is_what_is_read(reason: str, limit: dict[str, str], before: str) -> None:
    """Whatever signs are in a reason."""
    waiver = Waiver("no_desc", reason, "mentor1", UNTIL, **limit)
    read = tomllib.loads(with_waiver(before, waiver))["waivers"][-1]
    assert read == {
        "check": "no_desc",
        **limit,
        "reason": reason,
        "by": "mentor1",
        "until": UNTIL,
    }
    assert tomllib.loads(waiver_toml(waiver))["waivers"] == [read]


@pytest.mark.parametrize("text", ["waivers = 1\n", "[waivers]\nx = 1\n", "a = \n"])
def test_a_file_that_cannot_take_it_is_left_alone(text: str) -> None:
    """With what to do instead."""
    with pytest.raises(ConfigurationError, match="cannot be added") as raised:
        with_waiver(text, WAIVER)
    assert "by hand" in raised.value.hint


def test_the_policy_has_the_waiver_from_then_on(tmp_path: Path) -> None:
    """The file is made if there is none."""
    path = tmp_path / "gitlab-sync.toml"
    for number in (1, 2):
        add_waiver(path, WAIVER, NOW)
        found = load(str(path)).waivers
        assert [each.place for each in found] == [
            f"gitlab-sync.toml: waivers.{at}" for at in range(number)
        ]
        assert {each.item for each in found} == {"courses/app!42"}


def test_an_end_in_the_past_is_refused_by_the_clock_of_the_file(tmp_path: Path) -> None:
    """The last day itself is none; in India it ends earlier."""
    path = tmp_path / "gitlab-sync.toml"
    path.write_text('timezone = "Asia/Kolkata"\n', "utf-8")
    add_waiver(path, WAIVER, NOW)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"in the past, got 2026-12-31: .* 2027-01-01"):
        add_waiver(path, WAIVER, NOW.replace(minute=30))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["gitlab-sync.toml"]


def test_a_file_with_faults_is_refused_with_all_of_them(tmp_path: Path) -> None:
    """It would be refused by the next run anyway."""
    path = tmp_path / "gitlab-sync.toml"
    path.write_text('timezone = "Mars"\n[checks.no_tests]\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"timezone: .*\n.*checks\.no_tests: unknown"):
        add_waiver(path, WAIVER, NOW)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"check": "no_des"}, "unknown check, got “no_des”. Did you mean no_desc?"),
        ({"reason": ""}, "reason: "),
        ({"item": "42"}, "item: must be such as courses/app!42"),
        ({"project": "courses/app"}, "at most one of item, project, person, group"),
        ({"check": "readme"}, "there is no readme of courses/app!42"),
        (
            {"item": "courses/app#42", "check": "no_unit_tests"},
            "there is no no_unit_tests of",
        ),
        ({"item": None, "person": "ann", "check": "readme"}, "readme is about projects"),
    ],
)
def test_what_makes_no_sense_is_no_waiver(changes: dict[str, object], told: str) -> None:
    """Each fault is named, with the nearest that would be one."""
    said = {"check": "no_desc", "reason": "x", "by": "y", "until": UNTIL, "item": "courses/app!42"}
    assert valid_waiver(said) == Waiver("no_desc", "x", "y", UNTIL, item="courses/app!42")
    with pytest.raises(ConfigurationError) as raised:
        valid_waiver(said | changes)
    assert told in str(raised.value)
