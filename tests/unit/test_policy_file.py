"""The policy file: found upward, valid as a whole or refused with all of its faults."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.policies.file import NAME, load
from gitlab_sync.policies.text import as_toml, in_force
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.table import columns
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy, Setting
from gitlab_sync.rules.slots import Slots
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.types import PartialList

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
    for number in range(8):
        written(tmp_path, f'extends = "{number + 1}.toml"', f"{number}.toml")
    assert "At most 8 files can extend each other" in fault(tmp_path, 'extends = "0.toml"')


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
        "timezone: must be a time zone, got “Asia/Kolkatta”. Did you mean Asia/Kolkata?",
        "holidays.0",
        "must be a date, or the code of a country or a region, got “XX”",
        "time_tracking: must be true or false, got “yes”",
        "milestones: must be one of off, if used, always, got “sometimes”",
        "checks.no_unit_test: unknown check. Did you mean no_unit_tests?",
        "checks.no_desc.exempt_label: unknown key. Did you mean exempt_labels?",
    ):
        assert expected in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("timezone = ", "Invalid value"),
        ("a" + ".a" * 20_000 + " = 1", "a key with more than 30 parts"),
        ("x = " + "[" * 5000, "too many levels"),
        ("# " + "x" * 1_000_000, "longer than 1,000,000 bytes"),
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


EXAMPLE = """
extends = "fair"
timezone = "Asia/Kolkata"
holidays = ["IN", 2026-10-20]
time_tracking = false
milestones = "off"
[contest]
project = "courses/decisions"
[checks.no_unit_tests]
severity = "low"
exempt_labels = ["docs", "spike"]
[checks.no_desc]
severity = "off"
[checks.merge_gt_2_days]
limit = "72h"
[checks.license]
severity = "high"
[paths]
source = ["*.py", "!legacy/**"]
test = ["**/tests/**"]
[licenses]
allowed = ["MIT", "Apache-2.0"]
[readme]
length = 300
[weights]
leaderboard = { mr_merged = 8 }
compliance = { license = 12, changelog = 0 }
[bots]
names = ["our-release-bot"]
[slots]
morning = "08:00"
[[waivers]]
check = "no_internal_review"
item = "courses/app!42"
reason = "pair-programmed"
by = "mentor1"
until = 2026-12-31
"""


def test_all_of_a_file_is_in_the_policy(tmp_path: Path) -> None:
    """Each table in the field that is about it."""
    path = written(tmp_path, EXAMPLE)
    policy = load(str(path))
    assert (policy.name, policy.base, policy.source) == (NAME, "fair", str(path.resolve()))
    assert policy.contest_project == "courses/decisions"
    assert policy.licences == {"MIT", "Apache-2.0"}
    assert policy.leaderboard_weights == {"mr_merged": 8}
    assert policy.compliance_weights == {"license": 12, "changelog": 0}
    assert (policy.readme_length, policy.readme_sections) == (300, None)
    assert policy.terms.slots == Slots(morning=time(8))
    assert policy.waivers == (
        Waiver(
            "no_internal_review",
            "pair-programmed",
            "mentor1",
            date(2026, 12, 31),
            item="courses/app!42",
            place=f"{NAME}: waivers.0",
        ),
    )
    checks = {check.id: check for check in policy.merge_requests.checks}
    assert checks["no_unit_tests"].severity == "low"
    assert checks["no_desc"].severity == "off"
    assert "3 working days (72 hours of them)" in checks["merge_gt_2_days"].fails_when
    assert Setting("weights.compliance.license", 12, NAME) in policy.settings


@pytest.mark.parametrize("base", ["fair", "classic"])
def test_a_check_that_is_off_is_not_applicable(tmp_path: Path, base: str) -> None:
    """Its column stays, and nothing is read for it; a limit decides by either base."""
    text = f'extends = "{base}"\n[checks.no_desc]\nseverity = "off"\n[checks.no_unit_tests]\n'
    text += 'severity = "off"\n[checks.merge_gt_2_days]\nlimit = "1h"\n'
    policy = load(str(written(tmp_path, text)))
    mr = {
        "state": "merged",
        "description": "",
        "created_at": "2024-03-04T00:00:00Z",
        "merged_at": "2024-03-04T02:00:00Z",
    }
    for rules in (policy.merge_requests, policy.quick):
        verdicts = rules.evaluate(mr)
        assert verdicts["no_desc"] == Verdict("n/a", "switched off by the policy")
        assert "No Desc" in columns(rules)
    known = Facts(notes=PartialList())
    assert policy.merge_requests.evaluate(mr, known)["merge_gt_2_days"].result == "fail"
    assert "diffs" not in policy.merge_requests.undecided(mr)
    assert policy.issues.evaluate({"state": "closed"})["no_desc"].result == "n/a"


def test_what_classic_does_not_have_is_refused(tmp_path: Path) -> None:
    """It would have no effect."""
    told = fault(tmp_path, 'extends = "classic"\ntime_tracking = false\n[paths]\nsource = ["*.c"]')
    for key in ("time_tracking", "paths.source"):
        assert f"{key}: must not be given with extends = “classic”" in told


def test_a_waiver_has_a_reason_an_end_and_one_thing_that_it_is_for(tmp_path: Path) -> None:
    """And it is for a check that there is."""
    told = fault(
        tmp_path,
        """
        [[waivers]]
        check = "no_review"
        item = "app!42"
        person = "no one"
        until = "2026-12-31"
        [[waivers]]
        check = "no_desc"
        reason = "old"
        by = "ann"
        until = 2026-12-31
        item = "courses/app!42"
        group = "courses"
        [[waivers]]
        chek = "no_desc"
        """,
    )
    for expected in (
        "waivers.0.reason: is missing",
        "waivers.0.by: is missing",
        "waivers.0.check: unknown check, got “no_review”. Did you mean no_internal_review?",
        "waivers.0.item: must be such as courses/app!42 or courses/app#7, got “app!42”",
        "waivers.0.person: must be a username, got “no one”",
        "waivers.0.until: must be a date without quotes, such as 2026-12-31",
        "waivers.1: must have at most one of item, project, person, group, got item and group",
        "waivers.2.chek: unknown key. Did you mean check?",
    ):
        assert expected in told


def test_what_is_shown_of_a_policy_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    """Whatever it extends, and a value of each file says which it is from."""
    written(
        tmp_path, 'timezone = "Asia/Tokyo"\n[weights.leaderboard]\ncommits = 0.5\n', "base.toml"
    )
    team = str(written(tmp_path, EXAMPLE.replace('"fair"', '"base.toml"', 1), "team.toml"))
    plain = str(written(tmp_path, 'extends = "classic"\n[slots]\nevening = 18:30:00\n', "old.toml"))
    for name in ("fair", "classic", team, plain):
        policy = load(name)
        text = as_toml(policy)
        again = load(str(written(tmp_path, text, "again.toml")))
        assert {(each.key, str(each.value)) for each in in_force(again)} == {
            (each.key, str(each.value)) for each in in_force(policy)
        }
        assert [replace(each, place="") for each in again.waivers] == [
            replace(each, place="") for each in policy.waivers
        ]
        for kind in ("merge_requests", "quick", "issues"):
            assert getattr(again, kind).checks == getattr(policy, kind).checks
        assert again.terms.slots == policy.terms.slots
    origins = {each.key: each.origin for each in in_force(load(team))}
    assert origins["timezone"] == "team.toml"
    assert origins["weights.leaderboard.commits"] == "base.toml"
    assert origins["weights.leaderboard.mr_created"] == "built-in fair"


def test_the_faults_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    """Each below the name of its file."""
    written(tmp_path, "holidays = 5", "base.toml")
    told = fault(tmp_path, 'extends = "base.toml"\nbots = 5')
    assert told.startswith(f"{NAME} is not valid:\n  bots: must be a table, got 5")
    assert "base.toml is not valid:\n  holidays: must be a list, got 5" in told


def test_parts_of_the_day_are_in_order(tmp_path: Path) -> None:
    """As a whole: one file can move the morning, and the other the afternoon."""
    written(tmp_path, '[slots]\nafternoon = "14:00"', "base.toml")
    assert "got 13:00, 12:30, 17:00" in fault(tmp_path, '[slots]\nmorning = "13:00"')
    text = 'extends = "base.toml"\n[slots]\nmorning = "13:00"'
    assert load(str(written(tmp_path, text))).terms.slots == Slots(time(13), time(14))


def test_waivers_of_all_files_add_up(tmp_path: Path) -> None:
    """Each says where it is written."""
    waiver = '[[waivers]]\ncheck = "no_desc"\nreason = "old"\nby = "ann"\nuntil = 2026-01-01\n'
    written(tmp_path, waiver, "base.toml")
    policy = load(str(written(tmp_path, f'extends = "base.toml"\n{waiver}{waiver}')))
    places = [each.place for each in policy.waivers]
    assert places == ["base.toml: waivers.0", f"{NAME}: waivers.0", f"{NAME}: waivers.1"]


def test_a_pipe_and_an_address_without_a_gitlab_are_refused(tmp_path: Path) -> None:
    """The one would have no end, and the other has no token."""
    os.mkfifo(tmp_path / "pipe.toml")
    assert "is not a file" in fault(tmp_path, 'extends = "pipe.toml"')
    address = "https://gitlab.example/a/b/-/blob/main/c.toml"
    assert "there is no GitLab and no token" in fault(tmp_path, f'extends = "{address}"')


def test_a_file_is_never_named_as_a_built_in_policy(tmp_path: Path) -> None:
    """Its tables would look like those of classic."""
    policy = load(str(written(tmp_path, "time_tracking = true", "classic")))
    assert (policy.name, policy.shown_name, policy.base) == ("./classic", "./classic", "fair")
