"""Outcomes: a value or an error in its place, and how a run says how complete it is."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest

from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    Cancelled,
    GitLabSyncError,
    NotFound,
    NotGitLab,
    PermissionDenied,
    RateLimited,
    ServerError,
    TimedOut,
)
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.session.result import Result


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (AuthenticationError, "not signed in"),
        (PermissionDenied, "denied"),
        (NotFound, "not found"),
        (RateLimited, "rate limited"),
        (TimedOut, "timed out"),
        (Cancelled, "cancelled"),
        (ServerError, "failed"),
        (BadResponse, "failed"),
    ],
)
def test_each_error_has_a_word_for_the_completeness_line(
    kind: type[GitLabSyncError], words: str
) -> None:
    """Short enough to follow a number."""
    assert short_reason(kind("x")) == words


def test_a_whole_run_says_how_much_it_read() -> None:
    """And nothing else."""
    whole = Completeness("merge requests", read=430, total=430)
    assert whole.whole
    assert str(whole) == "430 of 430 merge requests read"


def test_a_run_with_losses_names_them_by_reason_the_commonest_first() -> None:
    """As a person would say it."""
    line = Completeness("merge requests", read=412, total=430)
    line.lost.update({"timed out": 2, "denied": 16})
    assert not line.whole
    assert str(line) == "412 of 430 merge requests read, 16 denied, 2 timed out"


def test_a_list_that_broke_off_is_told_apart_since_nobody_knows_what_it_holds() -> None:
    """One person or several."""
    line = Completeness("issues", read=3, total=3)
    line.lists.update({"denied": 1})
    assert not line.whole
    assert str(line) == "3 of 3 issues read, list of 1 person denied"
    line.lists.update({"failed": 2})
    assert "lists of 2 people failed" in str(line)


def test_a_place_that_is_not_there_is_told_instead_of_the_lists_in_it() -> None:
    """A person's list is not what is missing."""
    line = Completeness("issues", where="project nope/nope")
    line.lists.update({short_reason(NotFound("")): 1})
    assert str(line) == "0 of 0 issues read, project nope/nope not found"
    line = Completeness("issues", where="project nope/nope")
    line.lists.update({short_reason(NotGitLab("")): 2})
    assert str(line) == "0 of 0 issues read, no GitLab API at this address"


def test_an_outcome_is_a_value_or_an_error_and_pickles() -> None:
    """It comes back from other processes, too."""
    assert pickle.loads(pickle.dumps(Result(value=7))) == Result(value=7)
    failed: Result[int] = Result(error=NotFound("404"))
    assert failed.value is None
    assert isinstance(pickle.loads(pickle.dumps(failed)).error, NotFound)


def test_a_report_is_a_list_of_rows_that_knows_when_it_was_read() -> None:
    """Aware, in UTC, so that a table can say "data as of"."""
    report = Report([{"Username": "ann"}], Completeness("issues"))
    assert report == [{"Username": "ann"}]
    assert report.as_of.tzinfo is UTC
    assert abs(datetime.now(UTC) - report.as_of) < timedelta(minutes=1)
