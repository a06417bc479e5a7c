"""A page's query, the job that answers it, and the view of the answer while the job runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar, cast

import streamlit as st

from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import AuthenticationError, GitLabSyncError
from gitlab_sync.pages.state.browser import current_sign_in, sign_out_refused
from gitlab_sync.pages.state.connection import JOBS, connect
from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.store_setting import store_for
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
from gitlab_sync.types import TableRow

Q = TypeVar("Q")
R = TypeVar("R", bound=Report)

POLL = 0.4
"""Seconds between two updates of a page while its job is the only one that runs."""

_LONGEST_POLL = 10.0  # seconds: many jobs are looked at less often, so that this takes no time
_BY_VISITOR = "run cancelled"  # as rows say that something was not read
_LAST_QUERY = "_last_query_"
_SHOWN = "_shown_job_"


@dataclass(frozen=True, slots=True)
class PageQuery(Generic[Q, R]):
    """One query of one page. Queries of a page with the same `key` share a job. Immutable.

    `answer` runs in the job's thread, so it never touches Streamlit; it reads GitLab with the
    client of the visitor. `nouns` names the items that are read, for progress and errors. The
    column `subject` has the person or project of a row. `shows_empty` asks for the table's header
    before the first row is there.
    """

    page: str
    key: Hashable
    nouns: str
    query: Q = field(compare=False)
    answer: Callable[[GitLabClient, Q, Run], R] = field(compare=False)
    subject: str = "Username"
    shows_empty: bool = field(default=False, compare=False)

    def work(self, sign_in: SignIn, run: Run) -> R:
        """Answer the query, as the work of a background job.

        Raises AuthenticationError if GitLab no longer accepts the token: a row cannot say that.
        """
        with sign_in.client() as client:
            run = replace(run, store=store_for(sign_in))
            report = self.answer(client, self.query, run)
            completeness = report.completeness
            refused = "not signed in" in {*completeness.lost, *completeness.lists}
            refused_rows = (
                row.get("Status") == "Error" and "401" in str(row.get("Error")) for row in report
            )
            if refused or (report and all(refused_rows)):
                client.get("user")
            return report


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[Q, R]):
    """What a job has at one moment: its rows so far, and its report when it has ended. Immutable.

    `as_of` is aware, in the visitor's time zone; `instance` is the URL of the GitLab.
    """

    query: Q
    rows: Sequence[TableRow]
    report: R | None
    running: bool
    as_of: datetime
    instance: str

    def meta(self, scope: str, policy: str = "") -> Meta:
        """Return what the files of a table say about its data.

        `scope` is the query in words, and `policy` the name of the rules, if they were chosen.
        """
        completeness = "still being read" if self.report is None else str(self.report.completeness)
        return Meta(self.as_of, self.instance, completeness, scope, policy)


FormResult: TypeAlias = tuple[PageQuery[Q, R] | None, bool]
"""The query of a page's fields (None: the input is invalid), and whether Run was pressed."""

View: TypeAlias = Callable[[Snapshot[Q, R]], bool | None]
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
    last: PageQuery[Q, R] | None = st.session_state.get(_LAST_QUERY + page)
    for candidate in filter(None, (query, last)):
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
        if candidate != query:
            st.caption("The fields have changed. This is the answer to the previous input.")
        running = sum(each.running for each in JOBS.all())
        pause = min(_LONGEST_POLL, POLL * max(1, running / 2)) if job.running else None
        st.fragment(_show, run_every=pause)(candidate, view, polled=job.running)
        return
    st.caption(ready if query is not None else incomplete)


def start(sign_in: SignIn, query: PageQuery[Q, R]) -> bool:
    """Start a job for the query or join a running one; leave the job of the page's last query.

    If too many jobs wait for their turn, show that and return False.
    """
    owner = connect(sign_in).owner
    last: PageQuery[Q, R] | None = st.session_state.get(_LAST_QUERY + query.page)
    if last is not None and last != query:
        JOBS.drop([_job_key(sign_in, last)], owner)
    work = partial(query.work, sign_in)
    try:
        JOBS.start(_job_key(sign_in, query), owner, work, sign_in.account)
    except GitLabSyncError as error:
        show_error("The run did not start", error)
        return False
    st.session_state[_LAST_QUERY + query.page] = query
    return True


def _job_key(sign_in: SignIn, query: PageQuery[Q, R]) -> Hashable:
    return (sign_in.principal, query)


def _find(sign_in: SignIn, query: PageQuery[Q, R]) -> BackgroundJob | None:
    """Return the query's job, running or ended, and watch it."""
    job = JOBS.find(_job_key(sign_in, query), connect(sign_in).owner)
    # A job that was refused before this sign-in says nothing about the new token.
    if job is not None and isinstance(job.error, AuthenticationError):
        return job if job.started >= sign_in.since else None
    return job


def _show(query: PageQuery[Q, R], view: View[Q, R], *, polled: bool) -> None:
    """Show the job's progress, its answer and its errors. Streamlit repeats it while `polled`."""
    sign_in = current_sign_in()
    job = None if sign_in is None else _find(sign_in, query)
    if sign_in is None or job is None:
        st.rerun()
    if isinstance(job.error, AuthenticationError):
        sign_out_refused(sign_in)
    if polled and not job.running:
        st.rerun()  # a run of the whole page ends the repetition
    slot = st.container()  # always present, so that elements below keep their state
    if job.running:
        with slot:
            _show_progress(query, job)
    _show_summary(sign_in, query, job)
    errors_shown: bool | None = False
    if job.state == "running" and not job.rows:
        st.caption(f"Reading the first {query.nouns}…")
    if job.rows or job.report is not None or (job.running and query.shows_empty):
        errors_shown = view(
            Snapshot(
                query.query,
                job.rows,
                cast("R | None", job.report),
                job.running,
                _as_of(job),
                sign_in.base_url,
            )
        )
    if not errors_shown:
        problems = problems_of_rows(job.rows, query.nouns, query.subject)
        if job.error is not None:
            problems.insert(0, problem_of_error("everyone", query.nouns, job.error))
        show_problems(problems, f"Errors_{_as_of(job):%Y-%m-%d}.txt")


def _show_progress(query: PageQuery[Q, R], job: BackgroundJob) -> None:
    with st.container(border=True, key="progress"):
        ahead = JOBS.ahead_of(job)
        if ahead is None:
            share, text = progress_text(query.nouns, job)
        else:
            share, text = 0.0, waiting_text(ahead)
        st.progress(share, text)
        st.button(
            "Cancelling…" if job.cancelling else "Cancel",
            key="cancel",
            icon=":material/cancel:",
            disabled=job.cancelling,
            on_click=_cancel,
            args=(query,),
        )


def _cancel(query: PageQuery[Q, R]) -> None:
    """Cancel the query's job. Streamlit keeps a callback for long: it must not hold the job."""
    visitor = current_sign_in()
    job = None if visitor is None else _find(visitor, query)
    if job is not None:
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
    when = job.started if job.report is None else job.report.as_of
    return when.astimezone(visitor_zone())
