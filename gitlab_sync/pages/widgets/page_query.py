"""A page's question, the job that answers it, and how the answer is shown while it grows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar, cast

import streamlit as st

from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import AuthenticationError
from gitlab_sync.pages.state.connection import JOBS, connect, current_sign_in, sign_out_refused
from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.state.keeping import kept_for
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import (
    Trouble,
    of_error,
    of_rows,
    show_error,
    show_troubles,
)
from gitlab_sync.pages.widgets.times import shown_moment, visitors_zone
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.types import TableRow

Q = TypeVar("Q")
R = TypeVar("R", bound=Report)

POLL = 0.4
"""Seconds between two looks at a job that runs, if it is the only one."""

_ASKED = "_asked_on_"


@dataclass(frozen=True, slots=True)
class PageQuery(Generic[Q, R]):
    """One question on one page. Two that are `about` the same share a job. Immutable.

    `answer` takes the question in a job's thread and asks GitLab as whoever is signed in; it never
    touches Streamlit. `nouns` names what is read, for progress and errors; the column `subject`
    says who or what a row is about. What `grows` is shown from its headings on, before any row.
    """

    page: str
    about: Hashable
    nouns: str
    query: Q = field(compare=False)
    answer: Callable[[GitLabClient, Q, Run], R] = field(compare=False)
    subject: str = "Username"
    grows: bool = field(default=False, compare=False)

    def work(self, sign_in: SignIn, run: Run) -> R:
        """Answer, for the registry of jobs.

        Raises AuthenticationError if GitLab takes the token no more, which a row cannot tell.
        """
        with sign_in.client() as client:
            run = replace(run, store=kept_for(sign_in))
            report = self.answer(client, self.query, run)
            completeness = report.completeness
            refused = "not signed in" in {*completeness.lost, *completeness.lists}
            if refused or (report and all(_is_refused(row) for row in report)):
                client.get("user")
            return report


@dataclass(frozen=True, slots=True)
class Look(Generic[Q, R]):
    """What there is to see of an answer: the rows so far, and the report once it is whole."""

    query: Q
    rows: Sequence[TableRow]
    report: R | None
    running: bool
    as_of: datetime
    instance: str

    @property
    def completeness(self) -> str:
        """How complete the rows are, in words."""
        return "still being read" if self.report is None else str(self.report.completeness)


Asked: TypeAlias = tuple[PageQuery[Q, R] | None, bool]
"""What the fields of a page ask, None if that cannot be asked, and whether Run was pressed."""

View: TypeAlias = Callable[[Look[Q, R]], bool | None]
"""How a page shows an answer; it returns True if it told by itself what could not be read."""


def _is_refused(row: TableRow) -> bool:
    return row.get("Status") == "Error" and "401" in str(row.get("Error"))


def ask_and_show(
    sign_in: SignIn,
    page: str,
    asked: Asked[Q, R],
    view: View[Q, R],
    *,
    ready: str,
    lacking: str,
) -> None:
    """Ask what the fields of a page ask if Run was pressed, and show the answer by `view`.

    Where there is no answer yet, `ready` says what to do, or `lacking` if nothing can be asked.
    """
    query, pressed = asked
    if pressed and query is not None:
        ask(sign_in, query)
    if not show_answer(sign_in, page, query, view):
        st.caption(ready if query is not None else lacking)


def ask(sign_in: SignIn, query: PageQuery[Q, R]) -> None:
    """Start a job for the question, or join the one that runs; end what this page asked before."""
    owner = connect(sign_in).owner
    before: PageQuery[Q, R] | None = st.session_state.get(_ASKED + query.page)
    if before is not None and before != query:
        JOBS.drop([_key(sign_in, before)], owner)
    JOBS.start(_key(sign_in, query), owner, partial(query.work, sign_in))
    st.session_state[_ASKED + query.page] = query


def _key(sign_in: SignIn, query: PageQuery[Q, R]) -> Hashable:
    return (sign_in.principal, query)


def show_answer(
    sign_in: SignIn, page: str, query: PageQuery[Q, R] | None, view: View[Q, R]
) -> bool:
    """Show how far the question's job is and what it found, by `view`; False if there is none.

    `query` is what the fields of the page ask now (None: nothing that could be asked). Where that
    was never asked, what this tab asked before stays, with a word about it.
    """
    before: PageQuery[Q, R] | None = st.session_state.get(_ASKED + page)
    for candidate in (query, before):
        job = None if candidate is None else _find(sign_in, candidate)
        if candidate is None or job is None:
            continue
        st.session_state[_ASKED + page] = candidate
        if candidate != query:
            st.caption("The fields have changed since: this is what was asked before.")
        fragment = st.fragment(_show, run_every=_pause() if job.running else None)
        fragment(candidate, view, polled=job.running)
        return True
    return False


def _pause() -> float:
    """Return the seconds between two looks: many who look have to look less often."""
    running = sum(job.running for job in JOBS.all())
    return POLL * max(1, running / 2)


def _find(sign_in: SignIn, query: PageQuery[Q, R]) -> BackgroundJob | None:
    """Return the question's job, running or ended, and watch it."""
    job = JOBS.find(_key(sign_in, query), connect(sign_in).owner)
    # A refusal from before this sign-in says nothing about it.
    return None if job is None or (_refused(job) and job.started < sign_in.since) else job


def _refused(job: BackgroundJob) -> bool:
    """Whether GitLab did not take the token any more."""
    return isinstance(job.error, AuthenticationError)


def _show(query: PageQuery[Q, R], view: View[Q, R], *, polled: bool) -> None:
    """Show everything once; run again and again while `polled`."""
    sign_in = current_sign_in()
    job = None if sign_in is None else _find(sign_in, query)
    if sign_in is None or job is None:
        st.rerun()
    if _refused(job):
        sign_out_refused(sign_in)
    if polled and not job.running:
        st.rerun()  # the whole page, so that the polling ends
    slot = st.container()  # there at all times, so that what is below keeps its place
    if job.running:
        with slot:
            _show_progress(query, job)
    _show_head(sign_in, query, job)
    told: bool | None = False
    if job.running and not job.rows:
        st.caption(f"The first {query.nouns} are being read…")
    if job.rows or job.report is not None or (job.running and query.grows):
        told = view(
            Look(
                query.query,
                job.rows,
                cast("R | None", job.report),
                job.running,
                _as_of(job),
                sign_in.base_url,
            )
        )
    if not told:
        show_troubles(_troubles(query, job), f"Errors_{_as_of(job):%Y-%m-%d}.txt")


def _show_progress(query: PageQuery[Q, R], job: BackgroundJob) -> None:
    with st.container(border=True, key="progress"):
        share, text = progress_text(query.nouns, job)
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
    """Cancel the question's job. Streamlit keeps what a button calls: that must not be the job."""
    sign_in = current_sign_in()
    job = None if sign_in is None else _find(sign_in, query)
    if job is not None:
        job.cancel("you cancelled it")


def progress_text(nouns: str, job: BackgroundJob) -> tuple[float, str]:
    """Return the share of a job that is done (0 to 1), and a line that says how far it is.

    What is counted may be done while rows are still to come, so it says how many rows are there.
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


def _show_head(sign_in: SignIn, query: PageQuery[Q, R], job: BackgroundJob) -> None:
    """Show what went wrong as a whole, how complete the answer is, and the way to a newer one."""
    with st.container():  # there at all times, so that what is below keeps its place
        if job.error is not None:
            show_error("The run broke off" if job.rows else "The run did not begin", job.error)
        if job.running:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            if job.report is not None:
                st.markdown(completeness_text(job, job.report))
            if st.button("Refresh", key=f"refresh_{query.page}", icon=":material/refresh:"):
                ask(sign_in, query)
                st.rerun()


def completeness_text(job: BackgroundJob, report: Report) -> str:
    """Return, as Markdown, how complete an answer is and when it was read."""
    unfinished = sum(row.get("Status", "Success") != "Success" for row in report)
    whole = report.completeness.whole and not unfinished
    icon = ":material/check_circle:" if whole else ":material/warning:"
    parts = [str(report.completeness)]
    if job.state == "cancelled":
        parts.insert(0, f"Cancelled, since {job.reason}")
    parts.append(f"data as of {shown_moment(_as_of(job))}")
    return f"{icon} {' · '.join(parts)}"


def _as_of(job: BackgroundJob) -> datetime:
    """Return when a job's data were read, by the visitor's clock where the browser tells it."""
    when = job.started if job.report is None else job.report.as_of
    return when.astimezone(visitors_zone())


def _troubles(query: PageQuery[Q, R], job: BackgroundJob) -> list[Trouble]:
    found = [] if job.error is None else [of_error("everybody", query.nouns, job.error)]
    return found + of_rows(job.rows, query.nouns, query.subject)
