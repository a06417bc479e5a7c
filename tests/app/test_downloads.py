"""Files that tabs offer: each at a path of its own, as long as the tab shows it."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, until_done

from gitlab_sync.pages.state.downloads import response_at


def path_of(at: AppTest, label: str) -> str:
    """Return the path of the first link with that text."""
    shown = "".join(str(each.proto.body) for each in at.get("html"))
    found = re.search(rf'href="([^"]+)"[^>]*>{label}<', shown)
    assert found is not None
    return f"/{found[1]}"


@pytest.mark.slow
def test_a_path_stays_and_leads_to_what_the_tab_shows_now() -> None:
    """Whatever runs of the page come between; a filter counts, and the name says what it is."""
    at = until_done(press(in_the_demo(), "Run"))
    path = path_of(at, "CSV")
    answer = response_at(f"/any/base{path}")
    assert answer.body.count(b"\n") == 13
    assert (
        "attachment; filename*=UTF-8''Unified_Batch_Report_"
        in answer.headers["content-disposition"]
    )
    at = at.text_input(key="filter_batch").set_value("kira").run()
    assert path_of(at, "CSV") == path
    assert response_at(path).body.splitlines()[1].startswith(b"kira.osei,")
    assert bytes(response_at(path_of(at, "XLSX")).body)[:2] == b"PK"


@pytest.mark.slow
def test_a_file_is_gone_when_the_tab_shows_it_no_more_or_its_visitor_has_left() -> None:
    """And no one finds one by trying."""
    at = until_done(press(in_the_demo(), "Run"))
    path = path_of(at, "CSV")
    assert response_at("/download/no-such-ticket").status_code == 404
    at = go_to(at, "user_profile.py")
    assert response_at(path).status_code == 404
    at = until_done(press(at, "Run"))
    path = path_of(at, "All tables as XLSX")
    assert response_at(path).status_code == 200
    press(at, "Leave the demo")
    assert response_at(path).status_code == 404
