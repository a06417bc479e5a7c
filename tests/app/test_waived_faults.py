"""Waived faults and contests on the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, shown_texts, signed_in, texts, until_done
from worlds import fresh_demo

from gitlab_sync.pages.state.roles import VARIABLE
from gitlab_sync.pages.widgets.cell_looks import CellLooks
from gitlab_sync.pages.widgets.table_view import data_frame
from gitlab_sync.reports.shares import readable_row
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.contest import Contested, contested_in
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.types import TableRow

CARELESS = "ivo.brandt"
POLICY = """\
[contest]
project = "courses/decisions"
[[waivers]]
check = "no_desc"
reason = "the *template* was empty"
by = "mentor1"
until = 2099-12-31
[[waivers]]
check = "no_issues"
reason = "x"
by = "y"
until = 2001-12-31
"""
POLICY += "".join(
    f'[[waivers]]\ncheck = "{check}"\nreason = "a copy"\nby = "mentor1"\nuntil = 2099-12-31\n'
    for check in ("license", "changelog", "pre_commit", "templates", "code_of_conduct")
)
WHY = "waived by mentor1 until 2099-12-31: the *template* was empty"
_CONTEST = re.compile(r"\[Contest\]\((\S+)\)")


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the operator choose a policy with waivers, and a project for contests."""
    path = tmp_path / "course.toml"
    path.write_text(POLICY, "utf-8")
    monkeypatch.setenv("GITLAB_SYNC_POLICY", str(path))


def contests(at: AppTest) -> list[Contested | None]:
    """Return what the links of the page contest."""
    links = [unescape(link) for link in _CONTEST.findall(texts(at))]
    assert all("/courses/decisions/-/issues/new?" in link for link in links)
    fields = [parse_qs(urlsplit(link).query) for link in links]
    return [contested_in(each["issue[description]"][0]) for each in fields]


@pytest.mark.slow
def test_a_profile_shows_what_is_waived_and_links_to_contest_the_rest() -> None:
    """With the reason, who decided, and until when; each fault has a link of its own."""
    at = in_the_demo("user_profile.py")
    at.text_input(key="user").set_value(CARELESS)
    at = until_done(press(at, "Run"))
    assert "Waived" in [header.value for header in at.header]
    shown = texts(at).replace("\\", "")
    assert WHY in shown
    found = contests(at)
    assert found
    assert None not in found
    assert len({*found}) == len(found)
    assert "no_desc" not in {each.check for each in found if each}
    tables = [table.value for table in at.dataframe]
    fixes = next(each for each in tables if "Contest" in each)
    assert "No Desc" not in {*fixes["Check"]}
    assert all("/courses/decisions/-/issues/new?" in link for link in fixes["Contest"])
    waived = next(each for each in tables if {*each.get("Check", ())} == {"No Desc"})
    assert all(reason.startswith("waived by mentor1") for reason in waived["Reason"])


def test_a_member_sees_why_a_fault_of_theirs_was_waived(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And can contest the others."""
    roles = tmp_path / "roles.toml"
    roles.write_text('mentor = ["somebody.else"]\n', encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(roles))
    with Sandbox(fresh_demo()) as sandbox:
        at = go_to(signed_in(sandbox, monkeypatch, CARELESS), "user_profile.py")
        at = until_done(press(at, "Run"))
        assert WHY in texts(at).replace("\\", "")
        assert contests(at)


@pytest.mark.slow
def test_the_table_of_people_counts_waived_faults_apart() -> None:
    """Cells, the items behind them, and what to look at in the policy."""
    at = until_done(press(in_the_demo(), "Run"))
    shown = shown_texts(at.dataframe[0])
    place = list(at.dataframe[0].value).index("MR No Desc")
    cells = [str(each) for each in shown.iloc[:, place]]
    assert any(re.fullmatch(r"(0 of \d+|n/a) \(\+\d+ waived\)", each) for each in cells)
    assert not any(re.match(r"[1-9]\d* of", each) for each in cells)
    assert "no_issues ended on 2001-12-31: its faults count again" in texts(at).replace("\\", "")


def test_the_report_on_a_project_has_waived_checks_and_links_to_contest_the_failing_ones() -> None:
    """Each of them names the project."""
    at = in_the_demo("project_compliance.py")
    at = until_done(press(at, "Run"))
    shown = texts(at).replace("\\", "")
    assert "waived by mentor1 until 2099-12-31: a copy (" in shown
    found = contests(at)
    assert found
    assert all(each is not None and not each.is_item for each in found)
    failing = shown.count("material/cancel: fail")
    assert len(found) == failing


@pytest.mark.parametrize(
    ("count", "of", "unknown", "left_out", "text"),
    [
        (3, 12, 0, 0, "3 of 12"),
        (3, 12, 2, 1, "3 of 12 (+2 ?, +1 waived)"),
        (0, 12, 0, 1, "0 of 12 (+1 waived)"),
        (None, 0, 0, 2, "n/a (+2 waived)"),
        (None, None, 2, 1, "? (+2 ?, +1 waived)"),
        (None, None, 2, 0, None),
    ],
)
def test_a_cell_reads_the_same_in_text_and_on_pages(
    count: int | None, of: int | None, unknown: int, left_out: int, text: str | None
) -> None:
    """What a count leaves out is behind it; a cell of which nothing is known stays a question."""
    row: TableRow = {"Username": "ann", "No Desc": count, "No Desc (of)": of}
    doubts, waived = {"No Desc": unknown}, {"No Desc": left_out}
    sheet = Sheet(
        "People",
        [*row],
        [row],
        Meta(datetime.now(UTC), "", ""),
        shares={"No Desc": "No Desc (of)"},
        doubts={"ann": doubts},
        waived={"ann": waived},
    )
    assert readable_row(sheet, row)["No Desc"] == text
    totals = {"No Desc": "No Desc (of)"}
    looks = CellLooks(lambda _: doubts, totals, exact=True, waived=lambda _: waived)
    found = looks.styled(data_frame(sheet), [row], ())
    (cell,) = getattr(found, "data", found)["No Desc"]
    assert getattr(cell, "text", None) == text
