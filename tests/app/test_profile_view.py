"""What the page of a profile says and draws, without the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitlab_sync.pages.profile_charts import (
    CLEAN,
    FEW,
    MANY,
    MOST_WEEKS,
    NOT_KNOWN,
    fault_bars,
    grade,
    weeks,
    weeks_in_words,
)
from gitlab_sync.pages.profile_fixes import (
    MOST_ITEMS,
    doubt_text,
    entry_text,
    group_text,
    group_title,
    nothing_to_fix,
)
from gitlab_sync.pages.profile_view import initials_image, own_avatar, safe_readme
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.fixes import Doubt, Entry, Fixes, Group
from gitlab_sync.rules.items.verdict import Result, Verdict

CHECKS = {check.id: check for check in mr_rules.CHECKS}


def plain(text: str) -> str:
    """Return Markdown without the signs that keep text from being taken for Markdown."""
    return text.replace("\\", "")


# -- texts -----------------------------------------------------------------------------------------


def entry(number: int = 1, *, evidence: str | None = None, title: str = "Add it") -> Entry:
    """Return a merge request without a review."""
    link = f"https://gitlab.example/g/app/-/merge_requests/{number}"
    item = {"iid": number, "title": title, "web_url": link}
    verdict = Verdict("fail", "3 notes, all by the author or bots", evidence or link)
    return Entry("merge request", item, CHECKS["no_internal_review"], verdict)


def test_an_item_says_which_it_is_and_why_and_leads_there() -> None:
    """To what shows it, too, if that is elsewhere."""
    link = "https://gitlab.example/g/app/-/merge_requests/7"
    assert plain(entry_text(entry(7))) == (
        f"[g/app!7]({link}) Add it: 3 notes, all by the author or bots"
    )
    shown = plain(entry_text(entry(7, evidence=f"{link}#note_3")))
    assert shown.endswith(f": [3 notes, all by the author or bots]({link}#note_3)")


def test_text_of_other_people_is_never_taken_for_markdown() -> None:
    """Nor does it break the list around it."""
    text = entry_text(entry(title="x](https://evil.example)\n\n# ![y](z) :red[a]"))
    assert "\n" not in text
    assert "](https://evil" not in text
    assert "![" not in text
    assert ":red[" not in text


def test_a_long_list_names_the_newest_and_how_many_more_there_are() -> None:
    """The table has all."""
    faults = [entry(number) for number in range(MOST_ITEMS + 3)]
    group = Group("merge request", CHECKS["no_internal_review"], faults, 20, 2)
    assert plain(group_title(group)).endswith(
        "**No Internal Review** · 13 of 20 merge requests (65%), 2 unknown"
    )
    lines = group_text(group).splitlines()
    assert len([line for line in lines if line.startswith("- [")]) == MOST_ITEMS
    assert lines[-1] == "- and 3 more, in the table below"


def test_praise_is_only_for_what_is_known() -> None:
    """A person with unread items, or without any, is not praised."""
    clean = Fixes([], [], [], {"merge request": 2, "issue": 1})
    assert nothing_to_fix(clean, []) == (
        "**Nothing to fix: well done!** Every check passes in 2 merge requests and 1 issue.",
        True,
    )
    text, good = nothing_to_fix(clean, ["issues"])
    assert ("not everything could be checked" in text, good) == (True, False)
    text, good = nothing_to_fix(replace(clean, unknown=[entry()]), [])
    assert ("not everything could be checked" in text, good) == (True, False)
    nothing = replace(clean, evaluated={"merge request": 0, "issue": 0})
    text, good = nothing_to_fix(nothing, [])
    assert (text.startswith("Nothing yet"), good) == (True, False)
    text, good = nothing_to_fix(nothing, ["merge requests", "issues"])
    assert (text.startswith("Unknown"), good) == (True, False)


def test_a_doubt_says_of_how_many_and_why() -> None:
    """In one line."""
    doubt = Doubt("merge request", CHECKS["no_unit_tests"], "diffs not read: 403", 3)
    assert plain(doubt_text(doubt)) == (
        "**No Unit Tests**: unknown for 3 merge requests (diffs not read: 403)"
    )


# -- charts ----------------------------------------------------------------------------------------


def merge_request(number: int, created: str | None = None, **results: Result) -> tuple[Any, Any]:
    """Return a merge request that passes all checks but these."""
    verdicts = {check: Verdict("pass", "") for check in CHECKS}
    verdicts |= {check: Verdict(result, "") for check, result in results.items()}
    return {"id": number, "created_at": created}, verdicts


def test_bars_begin_with_the_largest_share_and_tell_unknown_from_none() -> None:
    """The share is of the items that pass or fail; the same item counts once."""
    items = [
        merge_request(1, no_desc="fail", no_unit_tests="unknown", failed_pipeline="unknown"),
        merge_request(2, no_desc="fail", no_unit_tests="fail", failed_pipeline="unknown"),
        merge_request(3, failed_pipeline="unknown"),
        merge_request(3, no_desc="fail"),
    ]
    bars = {str(bar["Check"]): bar for bar in fault_bars(mr_rules.CHECKS, items)}
    assert [*bars][:2] == ["No Desc", "No Unit Tests"]
    assert bars["No Desc"]["Text"] == "2 of 3 (67%)"
    assert bars["No Unit Tests"]["Text"] == "1 of 2 (50%) (+1 ?)"
    assert bars["No Unit Tests"]["Share"] == 50
    assert bars["Failed Pipeline"]["Text"] == "?"
    assert bars["No Issues"]["Text"] == "0 of 3 (0%)"


def test_a_bar_counts_only_items_that_its_check_applies_to() -> None:
    """A check that applies to none of them has no share."""
    items = [
        merge_request(1, no_unit_tests="n/a", no_time_spent="n/a"),
        merge_request(2, no_unit_tests="fail", no_time_spent="n/a"),
    ]
    bars = {str(bar["Check"]): bar for bar in fault_bars(mr_rules.CHECKS, items)}
    assert bars["No Unit Tests"]["Text"] == "1 of 1 (100%)"
    assert bars["No Time Spent"]["Text"] == "n/a"


def test_bars_leave_out_what_is_waived() -> None:
    """The text counts the waived ones."""
    items = [
        merge_request(1, no_desc="fail", no_issues="n/a", no_unit_tests="waived"),
        merge_request(2, no_desc="waived", no_issues="n/a", no_unit_tests="waived"),
    ]
    bars = {str(bar["Check"]): bar["Text"] for bar in fault_bars(mr_rules.CHECKS, items)}
    assert bars["No Desc"] == "1 of 1 (100%) (+1 waived)"
    assert bars["No Unit Tests"] == "n/a (+2 waived)"
    assert bars["No Issues"] == "n/a"


def test_a_merge_request_is_clean_only_if_all_checks_pass() -> None:
    """One of which something is not known is not."""
    assert grade(merge_request(1)[1]) == CLEAN
    assert grade(merge_request(1, no_desc="unknown")[1]) == NOT_KNOWN
    assert grade({}) == NOT_KNOWN
    assert grade(merge_request(1, no_desc="fail", no_issues="unknown")[1]) == FEW
    three: dict[str, Result] = {"no_desc": "fail", "no_issues": "fail", "no_unit_tests": "fail"}
    assert grade(merge_request(1, **three)[1]) == MANY


def test_weeks_begin_on_the_visitors_monday_and_none_between_is_left_out() -> None:
    """What is Sunday in Greenwich is Monday in Auckland."""
    items = [merge_request(1, "2026-03-01T12:00:00Z"), merge_request(2, "2026-03-16T12:00:00Z")]
    assert [*weeks(items, UTC)] == [
        date(2026, 2, 23),
        date(2026, 3, 2),
        date(2026, 3, 9),
        date(2026, 3, 16),
    ]
    assert min(weeks(items, ZoneInfo("Pacific/Auckland"))) == date(2026, 3, 2)
    assert weeks_in_words(weeks(items, UTC)).endswith(
        "the last ones: 23 Feb (1 without faults), 16 Mar (1 without faults)"
    )


def test_no_more_weeks_are_shown_than_can_be_read() -> None:
    """The last ones; without any time there is none."""
    first = date(2025, 1, 6)
    items = [
        merge_request(number, f"{first + timedelta(weeks=number)}T00:00:00Z")
        for number in range(MOST_WEEKS + 9)
    ]
    found = weeks(items, UTC)
    assert len(found) == MOST_WEEKS
    assert max(found) == first + timedelta(weeks=MOST_WEEKS + 8)
    assert found[max(found)] == Counter({CLEAN: 1})
    assert weeks([merge_request(1), merge_request(2, "no time")], UTC) == {}


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("0001-01-01T00:00:00Z", "America/Los_Angeles"),
        ("9999-12-31T23:59:59Z", "Asia/Tokyo"),
    ],
)
def test_a_time_that_no_calendar_has_is_in_no_week(moment: str, zone: str) -> None:
    """A server can send it; the other merge requests are shown."""
    items = [merge_request(1, moment), merge_request(2, "2026-03-01T12:00:00Z")]
    assert [*weeks(items, ZoneInfo(zone))] == [date(2026, 2, 23)]


# -- pictures and the README -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://gitlab.example/uploads/7/a.png", True),
        ("https://secure.gravatar.com/avatar/1", False),
        ("https://gitlab.example.evil.org/a.png", False),
        ("https://gitlab.example@evil.org/a.png", False),
        ("http://gitlab.example/a.png", False),
        ("/etc/passwd", False),
        (None, False),
    ],
)
def test_a_picture_is_loaded_only_from_the_gitlab_itself(address: str | None, shown: bool) -> None:
    """No other host learns who looks at a profile, and no file of the server is shown."""
    found = own_avatar({"Avatar": address}, "https://gitlab.example/below")
    assert found == (address if shown else None)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ivo Brandt", "IB"),
        ("ada", "A"),
        ("Ana Maria da Luz", "AL"),
        (" ", "?"),
        ("<b> &", "&lt;&amp;"),
    ],
)
def test_else_it_shows_initials(name: str, letters: str) -> None:
    """Also of a name that looks like a program."""
    assert f">{letters}</text>" in initials_image(name)


@given(st.text(alphabet="!\\[]()<>-ab:/\n\u2060 ", max_size=60))
@example("[![a](b)](c)")
@example("![[![a](b)](c)")
@example("!<!-- -->[a](b)")
def test_no_readme_has_a_picture(text: str) -> None:
    """A picture in Markdown always begins with the same two signs."""
    assert "![" not in safe_readme(text)


def test_pictures_of_a_readme_become_links() -> None:
    """A badge leads where it led; the rest stays as it is written."""
    assert safe_readme("# A\n\n*b* `c!`") == "# A\n\n*b* `c!`"
    assert safe_readme("![a](https://b.example/c.png)").endswith("[a](https://b.example/c.png)")
    assert safe_readme("[![ci](https://b.example/c.svg)](https://d.example)") == (
        "[ci](https://d.example)"
    )
    assert safe_readme("a <!-- hidden --> b") == "a  b"


@pytest.mark.parametrize(
    "fence",
    [
        "```mermaid",
        "~~~ Mermaid x",
        "> - ````mermaid",
        "[^1]: ```mermaid",
        "```&#109;ermaid",
        "``` mer&#x6d;aid",
        "```` \tmermaid {a}",
    ],
)
def test_a_diagram_of_a_readme_is_shown_as_text(fence: str) -> None:
    """It can have images of any host, which the browser would ask."""
    text = f'{fence}\nA@{{ img: "https://b.example/c.png" }}\n```'
    first, _, rest = safe_readme(text).partition("\n")
    assert first == fence[: max(fence.rfind("`"), fence.rfind("~")) + 1]
    assert rest == text.partition("\n")[2]
    assert safe_readme("```python\nmermaid = 1\n```") == "```python\nmermaid = 1\n```"
