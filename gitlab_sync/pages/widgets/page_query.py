"""A page's query, the job that answers it, and the view of the answer while the job runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar, cast

import streamlit as st

from gitlab_sync.errors import AuthenticationError, GitLabSyncError
from gitlab_sync.pages.state.browser import current_sign_in, sign_out_refused
from gitlab_sync.pages.state.connection import JOBS, connect
from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.source import NoAccess, Rights, Source, source_of
from gitlab_sync.pages.widgets.error_panel import (
    problem_of_error,
    problems_of_rows,
    show_error,
    show_problems,
)
from gitlab_sync.pages.widgets.fields import fold
from gitlab_sync.pages.widgets.times import time_text, visitor_zone
from gitlab_sync.reports.report import Report
from gitlab_sync.reports.sheet import Meta
from gitlab_sync.run import Run
from gitlab_sync.services.reader import Reader
from gitlab_sync.types import TableRow

Q = TypeVar("Q")
R = TypeVar("R", bound=Report)
A = TypeVar("A")

POLL = 0.4
"""Seconds between two updates of a page while its job is the only one that runs."""

_LONGEST_POLL = 10.0  # seconds: many jobs are looked at less often, so that this takes no time
_NEWER_RUN = "There is a newer snapshot. Press Refresh to see it."
_NEWER_ALIASES = "This server's aliases have changed. Press Refresh to count by them."
_BY_VISITOR = "run cancelled"  # as rows say that something was not read
_LAST_QUERY = "_last_query_"
_SHOWN = "_shown_job_"
_MORE = "_behind_the_answer"


@dataclass(frozen=True, slots=True)
class PageQuery(Generic[Q, R]):
    """One query of one page. Queries of a page with the same `key` share a job. Immutable.

    `answer` runs in the job's thread, so it never touches Streamlit; it asks the reader of the
    visitor. `nouns` names the items that are read, for progress and errors. The
    column `subject` has the person or project of a row. `shows_empty` asks for the table's header
    before the first row is there.
    """

    page: str
    key: Hashable
    nouns: str
    query: Q = field(compare=False)
    answer: Callable[[Reader, Q, Run], R] = field(compare=False)
    subject: str = "Username"
    shows_empty: bool = field(default=False, compare=False)

    def work(self, source: Source, run: Run) -> R:
        """Answer the query, as the work of a background job; raises as `Source.ask`."""
        return source.ask(lambda reader, run: self.answer(reader, self.query, run), run)


class Asked(NamedTuple, Generic[Q, R]):
    """A query with the rights of who asks it: the key of its job. Equal ones share a job."""

    query: PageQuery[Q, R]
    rights: Rights


@dataclass(frozen=True, slots=True)
class JobAnswer(Generic[Q, R]):
    """What a job has at one moment: its rows so far, and its report when it has ended. Immutable.

    The report can come earlier, about the first few people. `as_of` is aware, in the visitor's time
    zone; `instance` is the URL of the GitLab. `source` answers more about the same; None: it now
    has something newer.
    """

    query: Q
    rows: Sequence[TableRow]
    report: R | None
    running: bool
    as_of: datetime
    instance: str
    source: Source | None

    def ask_more(self, key: Hashable, ask: Callable[[Reader], A]) -> A | None:
        """Return what is behind a part of the answer, and keep the last such for this tab.

        `key` says which part. None if it cannot be read now; then the page says why.
        """
        wanted = (self.source and self.source.rights, self.query, key)
        kept: tuple[object, A] | None = st.session_state.get(_MORE)
        if kept is not None and kept[0] == wanted:
            return kept[1]
        if self.source is None:
            st.caption("There is something newer. Press Refresh to see what is behind this.")
            return None
        try:
            with st.spinner("Reading what is behind this…"), self.source.reader(Run()) as reader:
                found = ask(reader)
        except GitLabSyncError as error:
            show_error("This could not be read", error)
            return None
        st.session_state[_MORE] = (wanted, found)
        return found

    def meta(self, scope: str, policy: str = "") -> Meta:
        """Return what the files of a table say about its data.

        `scope` is the query in words, and `policy` the name of the rules, if they were chosen.
        """
        completeness = "still being read" if self.report is None else str(self.report.completeness)
        return Meta(self.as_of, self.instance, completeness, scope, policy)


FormResult: TypeAlias = tuple[PageQuery[Q, R] | None, bool]
"""The query of a page's fields (None: the input is invalid), and whether Run was pressed."""

View: TypeAlias = Callable[[JobAnswer[Q, R]], bool | None]
"""Shows the answer on the page; returns True if it has shown the errors itself."""


def run_and_show(
    sign_in: SignIn,
    page: str,
    form: FormResult[Q, R],
    view: View[Q, R],
    *,
    ready: str,
    incomplete: str,
) -> None:
    """Start the query of a page's fields if Run was pressed, and show its answer by `view`.

    The form is folded away once for each job, at once if Run was pressed. If there is no job for
    the query, show the job of the tab's last query on this page instead, and say so. Without any,
    show what to do: `ready` if the fields have a valid query, else `incomplete`.
    """
    query, pressed = form
    if pressed and query is not None and not start(sign_in, query):
        return
    source = source_of(sign_in)
    asked = None if query is None else Asked(query, source.rights)
    last: Asked[Q, R] | None = st.session_state.get(_LAST_QUERY + page)
    for candidate in filter(None, (asked, last)):
        job = _find(sign_in, candidate)
        if job is None:
            continue
        st.session_state[_LAST_QUERY + page] = candidate
        if st.session_state.get(_SHOWN + page) != job.started:
            st.session_state[_SHOWN + page] = job.started
            fold(page)
            # Not in a tab's first run: what its URL has chosen would count as set by the program,
            # against the defaults of the fields, of which Streamlit warns in the log.
            if pressed:
                st.rerun()
        if candidate.query != query:
            st.caption("The fields have changed. This is the answer to the previous input.")
        elif candidate != asked:
            st.caption(_NEWER_RUN if source.run is not None else _NEWER_ALIASES)
        running = sum(each.running for each in JOBS.all())
        pause = min(_LONGEST_POLL, POLL * max(1, running / 2)) if job.running else None
        st.fragment(_show, run_every=pause)(candidate, view, polled=job.running)
        return
    st.caption(ready if query is not None else incomplete)


def start(sign_in: SignIn, query: PageQuery[Q, R]) -> bool:
    """Start a job for the query or join a running one; leave the job of the page's last query.

    If too many jobs wait for their turn, show that and return False.
    """
    owner, source = connect(sign_in).owner, source_of(sign_in)
    asked = Asked(query, source.rights)
    last: Asked[Q, R] | None = st.session_state.get(_LAST_QUERY + query.page)
    if last is not None and last != asked:
        JOBS.drop([last], owner)
    try:
        JOBS.start(asked, owner, partial(query.work, source), sign_in.account)
    except GitLabSyncError as error:
        show_error("The run did not start", error)
        return False
    st.session_state[_LAST_QUERY + query.page] = asked
    return True


def _find(sign_in: SignIn, asked: Asked[Q, R]) -> BackgroundJob | None:
    """Return the job, running or ended, and watch it; None if it is not for this visitor's eyes."""
    if not source_of(sign_in).rights.show(asked.rights):
        return None
    job = JOBS.find(asked, connect(sign_in).owner)
    # A job that was refused before this sign-in says nothing about the new token.
    if job is not None and isinstance(job.error, AuthenticationError):
        return job if job.started >= sign_in.since else None
    return job


def _show(asked: Asked[Q, R], view: View[Q, R], *, polled: bool) -> None:
    """Show the job's progress, its answer and its errors. Streamlit repeats it while `polled`."""
    query, sign_in = asked.query, current_sign_in()
    try:
        job = None if sign_in is None else _find(sign_in, asked)
    except NoAccess:  # since the run of the page
        job = None
    if sign_in is None or job is None:
        st.rerun()
    if isinstance(job.error, AuthenticationError):
        sign_out_refused(sign_in)
    if polled and not job.running:
        st.rerun()  # a run of the whole page ends the repetition
    slot = st.container()  # always present, so that elements below keep their state
    if job.running:
        with slot:
            _show_progress(asked, job)
    _show_summary(sign_in, query, job)
    source = source_of(sign_in)
    shown, errors_shown = job.shown, cast("bool | None", False)
    if job.state == "running" and not job.rows:
        st.caption(f"Reading the first {query.nouns}…")
    if shown is not None and shown.completeness.only_first:
        st.caption(f"{shown.completeness}.")
    if job.rows or shown is not None or (job.running and query.shows_empty):
        errors_shown = view(
            JobAnswer(
                query.query,
                job.rows,
                cast("R | None", shown),
                job.running,
                _as_of(job),
                source.instance,
                source if source.rights == asked.rights else None,
            )
        )
    if not errors_shown:
        problems = problems_of_rows(job.rows, query.nouns, query.subject)
        if job.error is not None:
            problems.insert(0, problem_of_error("everyone", query.nouns, job.error))
        show_problems(problems, f"Errors_{_as_of(job):%Y-%m-%d}.txt")


def _show_progress(asked: Asked[Q, R], job: BackgroundJob) -> None:
    with st.container(border=True, key="progress"):
        ahead = JOBS.ahead_of(job)
        if ahead is None:
            share, text = progress_text(asked.query.nouns, job)
        else:
            share, text = 0.0, waiting_text(ahead)
        st.progress(share, text)
        st.button(
            "Cancelling…" if job.cancelling else "Cancel",
            key="cancel",
            icon=":material/cancel:",
            disabled=job.cancelling,
            on_click=_cancel,
            args=(asked,),
        )


def _cancel(asked: Asked[Q, R]) -> None:
    """Cancel the job. Streamlit keeps a callback for long: it must not hold the job."""
    visitor = current_sign_in()
    job = None if visitor is None else _find(visitor, asked)
    if visitor is None or job is None:
        return
    is_of_many = asked.rights.run is not None
    if is_of_many and JOBS.is_watched_by_others(asked, connect(visitor).owner):
        st.toast("Someone else waits for the same answer, so the run goes on.")
    else:
        job.cancel(_BY_VISITOR)


def waiting_text(ahead: int) -> str:
    """Return a line about a job that waits for its turn, with this number of jobs before it."""
    before = f"{_counted(ahead, 'run')} before this one" if ahead else "this one is next"
    return f"Waiting until another run ends: {before}. It starts by itself."


def progress_text(nouns: str, job: BackgroundJob) -> tuple[float, str]:
    """Return the share of the job that is done (0 to 1), and a line of text about its progress.

    The line has the number of rows if that is not what is counted: rows can follow later.
    """
    now, rows = job.progress, len(job.rows)
    what = now.what or nouns
    if now.total is None:
        share, parts = 0.0, [f"Looking for {what}"]
    else:
        share = min(1.0, now.done / now.total) if now.total else 1.0
        parts = [f"{now.done:,} of {now.total:,} {what}"]
    if rows and rows != now.done:
        parts.append(f"{_counted(rows, 'row')} ready")
    parts.append(_counted(now.requests, "request"))
    if now.waiting >= 1:
        parts.append(f"rate limit: going on in {now.waiting:.0f} s")
    return share, " · ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _show_summary(sign_in: SignIn, query: PageQuery[Q, R], job: BackgroundJob) -> None:
    """Show an error of the whole run, how complete the answer is, and the button Refresh."""
    with st.container():  # always present, so that elements below keep their state
        if job.error is not None and job.reason == _BY_VISITOR:
            nothing = "" if job.rows else " Nothing was read."
            st.info(f"{_stopped(job)}.{nothing}", icon=":material/info:")
        elif job.error is not None:
            show_error("The run stopped early" if job.rows else "The run did not start", job.error)
        if job.running:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            if job.report is not None:
                st.markdown(completeness_text(job, job.report))
            refresh = st.button("Refresh", key=f"refresh_{query.page}", icon=":material/refresh:")
            if refresh and start(sign_in, query):
                st.rerun()


def completeness_text(job: BackgroundJob, report: Report) -> str:
    """Return, as Markdown, how complete an answer is and when its data was read."""
    unfinished = sum(row.get("Status", "Success") != "Success" for row in report)
    whole = report.completeness.whole and not unfinished
    icon = ":material/check_circle:" if whole else ":material/warning:"
    parts = [str(report.completeness)]
    if job.state == "cancelled":
        parts.insert(0, _stopped(job))
    parts.append(f"data as of {time_text(_as_of(job))}")
    return f"{icon} {' · '.join(parts)}"


def _stopped(job: BackgroundJob) -> str:
    """Return why a cancelled job has stopped."""
    return "Cancelled by you" if job.reason == _BY_VISITOR else f"Stopped early: {job.reason}"


def _as_of(job: BackgroundJob) -> datetime:
    """Return when the job's data was read, in the visitor's time zone."""
    when = job.started if job.shown is None else job.shown.as_of
    return when.astimezone(visitor_zone())
