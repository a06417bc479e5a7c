"""The page of one person's profile, in Streamlit's own test harness."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done
from worlds import fresh_demo

from gitlab_sync import GitLabClient
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.roles import VARIABLE
from gitlab_sync.reports.xlsx_file import ABOUT, to_xlsx
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.profile import ProfileQuery, answer

PAGE = "user_profile.py"
CAREFUL, CARELESS = "amelie.laurent", "ivo.brandt"
SIX = ["Personal_Projects", "Contributed_Projects", "Commits", "Groups", "MergeRequests", "Issues"]
CHECKS = {check.id: check for check in mr_rules.CHECKS}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve the demo's world, so that a test can break it."""
    with Sandbox(fresh_demo()) as sandbox:
        yield sandbox


@pytest.fixture
def mentor(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Return a visitor on the page who sees everyone."""
    return go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)


@pytest.fixture
def member(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """Return the careless person, who sees only their own data, on the first page."""
    path = tmp_path / "roles.toml"
    path.write_text('mentor = ["somebody.else"]\n', encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(path))
    return signed_in(sandbox, monkeypatch, CARELESS)


def run(at: AppTest, user: str | None = None) -> AppTest:
    """Ask for a person's profile, and wait for it."""
    if user is not None:
        at.text_input(key="user").set_value(user)
    return until_done(press(at, "Run"))


def metrics(at: AppTest) -> list[tuple[str, str]]:
    """Return the numbers of the page with their labels."""
    return [(metric.label, metric.value) for metric in at.metric]


def titles(at: AppTest) -> list[str]:
    """Return the titles of the kinds of fault."""
    return [expander.label for expander in at.expander if "badge" in expander.label]


def plain(text: str) -> str:
    """Return Markdown without the signs that keep text from being taken for Markdown."""
    return text.replace("\\", "")


# -- the page in the demo --------------------------------------------------------------------------


def test_in_the_demo_one_click_shows_a_whole_profile() -> None:
    """A person with something to fix is filled in."""
    at = in_the_demo(PAGE)
    assert at.text_input(key="user").value in get_demo().people
    at = run(at)
    assert "8 of 8 parts of the profile read" in texts(at)
    assert [label for label, _ in metrics(at)] == [
        *("Total", "Morning", "Afternoon"),
        *("Total", "Merged", "Open", "Closed"),
        *("Total", "Open", "Closed"),
        *("Personal", "Contributed", "Groups", "Time spent"),
    ]
    assert "?" not in {value for _, value in metrics(at)}
    assert titles(at)
    charts = [chart.proto.alt for chart in at.get("vega_lite_chart")]
    assert [alt.split(",")[0] for alt in charts] == [
        "Bars: the share of merge requests with a fault",
        "Bars: the share of issues with a fault",
        "Bars: merge requests by week",
    ]
    assert [tab.label for tab in at.tabs] == [
        *("Personal projects", "Contributed projects", "Commits", "Groups"),
        *("Merge requests", "Issues"),
    ]


def test_a_link_opens_with_its_person_filled_in_and_runs_with_one_click() -> None:
    """As other pages link here."""
    at = in_the_demo()
    at.query_params["user"] = CARELESS
    at = go_to(at, PAGE)
    assert at.text_input(key="user").value == CARELESS
    assert "Press Run to read this person's work." in texts(at)
    at = run(at)
    assert "Ivo Brandt" in texts(at)


def test_what_to_fix_is_shown_the_most_severe_first_with_how_and_where() -> None:
    """A kind of fault has its count, its share, what to do, and links to items with reasons."""
    at = run(in_the_demo(PAGE), CARELESS)
    severities = [title.partition("badge[")[2].partition("]")[0] for title in titles(at)]
    assert severities == sorted(severities, key=("high", "medium", "low").index)
    title = next(title for title in titles(at) if "No Internal Review" in title)
    assert "merge requests (" in title
    text = plain(texts(at))
    assert CHECKS["no_internal_review"].how_to_fix in text
    assert "faults in" in text
    assert "](https://gitlab.demo.example/harbour/" in text


def test_a_person_without_faults_is_praised_and_has_a_readme() -> None:
    """And nothing is unknown."""
    at = run(in_the_demo(PAGE), CAREFUL)
    assert [praise.value for praise in at.success] == [
        "**Nothing to fix: well done!** Every check passes in 18 merge requests and 7 issues."
    ]
    assert "Unknown" not in [header.value for header in at.header]
    assert "# Amelie\n\nMaps, boats, and Python." in texts(at)


def test_a_user_who_does_not_exist_has_a_sentence_and_no_number() -> None:
    """And nothing that looks like a person without work."""
    at = run(in_the_demo(PAGE), "nobody.here")
    (warning,) = at.warning
    assert "There is no user" in warning.proto.title
    assert "Check the spelling" in warning.value
    assert "What could not be read" not in texts(at), "once is enough"
    assert not at.metric
    assert not at.dataframe
    assert not at.success


def test_what_can_be_no_username_is_told_and_nothing_is_asked() -> None:
    """Nor is anything where the field is empty."""
    at = in_the_demo(PAGE)
    at.text_input(key="user").set_value("Ivo Brandt")
    at = press(at, "Run")
    assert "“Ivo Brandt” is not a valid username" in plain(at.error[0].value)
    assert "Correct the fields that are marked above" in texts(at)
    at.text_input(key="user").set_value(" ")
    at = press(at, "Run")
    assert [error.value for error in at.error] == ["Enter a username."]
    assert not at.progress


def test_a_token_in_the_field_does_not_stay_there() -> None:
    """The field is in the page's URL."""
    at = in_the_demo(PAGE)
    at.text_input(key="user").set_value("glpat-abcdefgh12345678")
    at = press(at, "Run")
    assert at.text_input(key="user").value == "[hidden]"
    assert "glpat" not in str(at.query_params)
    assert not at.progress


def test_dates_the_wrong_way_round_are_told() -> None:
    """And nothing is asked."""
    at = in_the_demo(PAGE)
    at.date_input(key="since").set_value("2026-03-05")
    at.date_input(key="until").set_value("2026-03-01")
    at = press(at, "Run")
    assert "until must be after since" in at.error[0].value
    assert not at.progress


def test_a_project_that_is_not_there_is_named_and_left_out() -> None:
    """The others count."""
    at = in_the_demo(PAGE)
    at.text_input(key="projects").set_value("no/such, harbour/tools/mooring")
    at = run(at, CARELESS)
    assert r"no/such" in at.error[0].value
    assert "Ivo Brandt" in texts(at)


def test_quick_says_that_it_does_not_know_all() -> None:
    """What lists do not contain is listed as unknown."""
    at = in_the_demo(PAGE)
    at.toggle(key="quick").set_value(True)
    at = run(at, CAREFUL)
    assert not at.success
    assert "**Failed Pipeline**: unknown for 18 merge requests (" in texts(at)
    assert "run again without it to know more" in texts(at)


# -- what could not be read ------------------------------------------------------------------------


def test_a_part_that_is_blocked_is_a_question_mark_with_its_reason(
    sandbox: Sandbox, mentor: AppTest
) -> None:
    """Next to its numbers, and the page does not say that there are no issues."""
    sandbox.faults.add("status", status=403, path="/issues", times=None)
    at = run(mentor, CARELESS)
    values = [value for _, value in metrics(at)]
    assert values[7:10] == ["?", "?", "?"]
    assert "?" not in values[:7]
    captions = [plain(caption.value) for caption in at.caption]
    assert sum("Not all issues could be read: 403" in caption for caption in captions) >= 2
    assert "There are no issues" not in texts(at)
    assert "What could not be read" in texts(at)


def test_unknown_answers_are_listed_apart_with_the_reason(
    sandbox: Sandbox, mentor: AppTest
) -> None:
    """And are no reason to praise: from an older server, which answers less."""
    for path in ("/api/graphql", "/projects/:id/merge_requests/:iid/diffs"):
        sandbox.faults.add("status", status=403, path=path, times=None)
    at = run(mentor, CAREFUL)
    assert not at.success
    assert "**No Unit Tests**: unknown for 18 merge requests (diffs not read: 403" in plain(
        texts(at)
    )


def test_who_cannot_be_looked_for_is_not_called_missing(sandbox: Sandbox, mentor: AppTest) -> None:
    """GitLab failed, and that is what is said."""
    sandbox.faults.add("status", status=403, path="/users", times=None)
    at = run(mentor, CARELESS)
    assert not at.warning
    assert "What could not be read" in texts(at)
    assert "**ivo.brandt** · parts of the profile" in plain(texts(at))
    assert "Why: 403" in plain(texts(at))
    assert not at.metric


# -- members ---------------------------------------------------------------------------------------


def test_a_member_sees_their_own_profile_and_has_no_field_for_another(member: AppTest) -> None:
    """It is their first page."""
    assert [title.value for title in member.title] == ["My profile"]
    assert [each.label for each in member.text_input] == ["Only these projects (optional)"]
    at = run(member)
    assert "Ivo Brandt" in texts(at)
    assert titles(at)


def test_nothing_in_the_address_opens_another_persons_profile_to_a_member(
    sandbox: Sandbox, member: AppTest
) -> None:
    """Whatever it says: GitLab is not even asked about other people."""
    for name in ("user", "username", "users", "role", "page", "people"):
        member.query_params[name] = CAREFUL if name not in {"role", "page"} else "mentor"
    at = member.run()
    sandbox.traffic.reset()
    at = run(at)
    assert "Ivo Brandt" in texts(at)
    assert "Amelie Laurent" not in texts(at)
    asked = [exchange.url for exchange in sandbox.traffic.exchanges]
    assert asked
    assert not [url for url in asked if CAREFUL in url or "/users/1/" in url]


def test_what_a_mentor_asked_is_gone_once_they_are_a_member(
    mentor: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the same tab, with the same token."""
    at = run(mentor, CAREFUL)
    assert "Amelie Laurent" in texts(at)
    path = tmp_path / "roles.toml"
    path.write_text('mentor = ["somebody.else"]\n', encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(path))
    at = at.run()
    assert [title.value for title in at.title] == ["My profile"]
    assert not at.metric
    assert "Press Run to read your work." in texts(at)


# -- files -----------------------------------------------------------------------------------------


def test_the_workbook_has_exactly_the_six_sheets_and_the_one_about_them(
    client: GitLabClient,
) -> None:
    """Also for a person without work, and for a name that does not exist."""
    for name in (CARELESS, "kira.osei", "nobody.here"):
        report = answer(client, ProfileQuery(name, zone=UTC))
        file = to_xlsx(report.sheets("https://gitlab.example"))
        assert openpyxl.load_workbook(io.BytesIO(file)).sheetnames == [*SIX, ABOUT]
