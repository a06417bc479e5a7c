"""What a table says about itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gitlab_sync import _version
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import RULES_VERSION
from gitlab_sync.types import TableRow

META = Meta(datetime(2024, 1, 5, 9, 30, tzinfo=UTC), "https://gitlab.example", "3 of 3 read")


def sheet(rows: list[TableRow], **more: object) -> Sheet:
    """Return a table of one column."""
    return Sheet("T", ("Name",), rows, META, **more)  # type: ignore[arg-type]


def test_a_file_says_when_where_how_complete_and_by_which_rules_and_program() -> None:
    """And leaves out what was not said."""
    assert META.lines() == {
        "Data as of": "2024-01-05 09:30:00 UTC",
        "GitLab": "https://gitlab.example",
        "Completeness": "3 of 3 read",
        "Rules": f"version {RULES_VERSION}",
        "Program": f"gitlab-sync {_version.__version__}",
    }


def test_the_time_is_kept_in_utc() -> None:
    """Two offices read the same file."""
    india = datetime(2024, 1, 5, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert Meta(india, "", "").as_of.isoformat() == "2024-01-04T19:00:00+00:00"


def test_a_time_without_an_offset_is_refused() -> None:
    """It would be taken for that of whatever machine wrote the file."""
    with pytest.raises(ValueError, match="offset"):
        Meta(datetime(2024, 1, 5), "", "")  # noqa: DTZ001 - the very thing


def test_no_secret_gets_into_a_file() -> None:
    """Files are passed on."""
    meta = Meta(META.as_of, "https://me:pw@gitlab.example", "", scope="?private_token=abc")
    assert meta.instance == "https://gitlab.example"
    assert "abc" not in meta.scope


def test_a_report_says_it_by_itself() -> None:
    """What a run returned knows when it was read, and how much."""
    report = Report([], Completeness("issues", read=2, total=3))
    meta = Meta.of_report(report, "https://gitlab.example", "author")
    assert (meta.as_of, meta.completeness) == (report.as_of, "2 of 3 issues read")


def test_a_link_comes_from_another_column_or_from_a_function() -> None:
    """Whether that column is shown or not."""
    row: TableRow = {"Name": "ann", "url": "https://gitlab.example/ann"}
    assert sheet([row], links={"Name": "url"}).link("Name", row) == "https://gitlab.example/ann"
    made = sheet([row], links={"Name": lambda row: f"http://x/{row['Name']}"})
    assert made.link("Name", row) == "http://x/ann"
    assert made.link("Other", row) is None


@pytest.mark.parametrize(
    "url",
    [None, 5, "", "javascript:alert(1)", " https://x", "https://x y", "https://x\n", "ftp://x",
     "//x", "https://", "data:text/html,x"],
)  # fmt: skip
def test_what_is_no_url_of_the_web_is_no_link(url: str | int | None) -> None:
    """Links come from servers, and a click must not run anything."""
    row: TableRow = {"Name": "ann", "url": url}
    assert sheet([row], links={"Name": "url"}).link("Name", row) is None


def test_a_declared_kind_holds_where_the_cells_allow_it() -> None:
    """Numbers can be percentages, and an empty column can be anything."""
    assert sheet([{"Name": 5}], kinds={"Name": "percent"}).kind("Name") == "percent"
    assert sheet([{"Name": None}], kinds={"Name": "integer"}).kind("Name") == "integer"
    assert sheet([{"Name": "2024-01-05"}], kinds={"Name": "text"}).kind("Name") == "text"
    assert sheet([{"Name": "x"}], kinds={"Name": "integer"}).kind("Name") == "text"
    assert sheet([]).kind("Name") == "text"
