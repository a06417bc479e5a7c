"""The questions of the page of batch analytics, asked and answered: jobs, progress, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from gitlab_sync.errors import AuthenticationError
from gitlab_sync.jobs import Job
from gitlab_sync.outcomes import Report
from gitlab_sync.pages.connection import JOBS, connect, current_sign_in, sign_out
from gitlab_sync.pages.question import Question
from gitlab_sync.pages.table import NOUNS, TITLES, columns_of, show_table
from gitlab_sync.pages.trouble import Trouble, of_error, of_rows, show_error, show_troubles
from gitlab_sync.reports.csv_file import to_csv
from gitlab_sync.sessions import SignIn

POLL = 0.5
"""Seconds between two looks at jobs that run."""

_WATCHED = "_batch_watched"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the job that answers it."""

    question: Question
    job: Job

    @property
    def refused(self) -> bool:
        """Whether GitLab did not take the token any more."""
        return isinstance(self.job.error, AuthenticationError)


def ask(sign_in: SignIn, questions: Iterable[Question]) -> None:
    """Start a job for each question, or join the one that runs; end what was asked before."""
    owner = connect(sign_in).owner
    wanted = {(sign_in.principal, question): question for question in questions}
    JOBS.drop([key for key in _watched() if key not in wanted], owner)
    for key, question in wanted.items():
        JOBS.start(key, owner, partial(question.answer, sign_in))
    st.session_state[_WATCHED] = list(wanted)


def _watched() -> list[tuple[str, Question]]:
    """Return the keys of all jobs that this tab has watched since it last asked something."""
    keys: list[tuple[str, Question]] = st.session_state.get(_WATCHED, [])
    return keys


def find(sign_in: SignIn, questions: Iterable[Question]) -> list[Asked]:
    """Return the questions that have a job, running or ended, and watch those jobs."""
    owner = connect(sign_in).owner
    found = []
    for question in questions:
        job = JOBS.find((sign_in.principal, question), owner)
        if job is not None:
            asked = Asked(question, job)
            # A refusal from before this sign-in says nothing about it.
            if not (asked.refused and job.started < sign_in.since):
                found.append(asked)
    return found


def show_answers(sign_in: SignIn, questions: Sequence[Question]) -> bool:
    """Show how far the questions' jobs are and what they found; False if there are none."""
    found = find(sign_in, questions)
    running = any(asked.job.running for asked in found)
    if found:
        keys = [*_watched(), *((sign_in.principal, asked.question) for asked in found)]
        st.session_state[_WATCHED] = list(dict.fromkeys(keys))
        fragment = st.fragment(_show, run_every=POLL if running else None)
        fragment(questions, polled=running)
    return bool(found)


def _show(questions: Sequence[Question], *, polled: bool) -> None:
    """Show everything once; run again and again while `polled`."""
    sign_in = current_sign_in()
    if sign_in is None:
        st.rerun()
    found = find(sign_in, questions)
    if any(asked.refused for asked in found):
        sign_out(
            "GitLab does not accept your token any more: it has expired or was revoked. "
            "Sign in again with a new one."
        )
        st.rerun()
    running = [asked for asked in found if asked.job.running]
    if polled and not running:
        st.rerun()  # the whole page, so that the polling ends
    slot = st.container()  # there at all times, so that the tabs below keep their place
    if running:
        with slot:
            _show_progress(running)
    if len(found) > 1:
        tabs = st.tabs([TITLES[asked.question.kind] for asked in found])
        for tab, asked in zip(tabs, found, strict=True):
            with tab:
                _show_answer(sign_in, asked)
    elif found:
        _show_answer(sign_in, found[0])
    day = datetime.now(_zone()).strftime("%Y-%m-%d")
    show_troubles(_troubles(found), f"Batch_Report_Errors_{day}.txt")


def _show_progress(running: Sequence[Asked]) -> None:
    with st.container(border=True, key="progress"):
        for asked in running:
            share, text = progress_text(asked.question, asked.job)
            st.progress(share, text)
        stopping = all(asked.job.cancelling for asked in running)
        st.button(
            "Cancelling…" if stopping else "Cancel",
            key="cancel",
            icon=":material/cancel:",
            disabled=stopping,
            on_click=_cancel,
            args=([asked.job for asked in running],),
        )


def _cancel(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job.cancel("you cancelled it")


def progress_text(question: Question, job: Job) -> tuple[float, str]:
    """Return the share of a job that is done (0 to 1), and a line that says how far it is."""
    now = job.progress
    noun = NOUNS[question.kind]
    requests = f"{now.requests:,} requests" if now.requests != 1 else "1 request"
    if now.total is None:
        share, text = 0.0, f"Looking for {noun} · {requests}"
    else:
        share = min(1.0, now.done / now.total) if now.total else 1.0
        text = f"{now.done:,} of {now.total:,} {noun} · {requests}"
    if now.waiting >= 1:
        text += f" · rate limit: going on in {now.waiting:.0f} s"
    return share, text


def _show_answer(sign_in: SignIn, asked: Asked) -> None:
    job, kind = asked.job, asked.question.kind
    rows = job.rows
    with st.container():  # there at all times, so that the table below keeps its place
        if job.error is not None:
            show_error("The run broke off" if rows else "The run did not begin", job.error)
        if job.report is not None:
            _show_completeness(job, job.report)
    if rows:
        show_table(kind, rows)
    elif job.running:
        st.caption(f"The first {NOUNS[kind]} are being read…")
    if job.running:
        return
    with st.container(horizontal=True):
        if rows:
            st.download_button(
                "Download CSV",
                to_csv(columns_of(kind), rows),
                f"{TITLES[kind].replace(' ', '_')}_Batch_Report_{_local(job):%Y-%m-%d}.csv",
                "text/csv",
                key=f"csv_{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
        if st.button("Refresh", key=f"refresh_{kind}", icon=":material/refresh:"):
            owner = connect(sign_in).owner
            key = (sign_in.principal, asked.question)
            JOBS.start(key, owner, partial(asked.question.answer, sign_in))
            st.rerun()


def _show_completeness(job: Job, report: Report) -> None:
    unfinished = sum(row["Status"] != "Success" for row in report)
    whole = report.completeness.whole and not unfinished
    icon = ":material/check_circle:" if whole else ":material/warning:"
    parts = [str(report.completeness)]
    if unfinished:
        parts.append(f"{unfinished} of {len(report)} people not read in full")
    if job.state == "cancelled":
        parts.insert(0, f"Cancelled, since {job.reason}")
    parts.append(f"data as of {_local(job):%-d %B %Y, %H:%M %Z}")
    st.markdown(f"{icon} {' · '.join(parts)}")


def _local(job: Job) -> datetime:
    """Return when a job's data were read, by the visitor's clock where the browser tells it."""
    when = job.started if job.report is None else job.report.as_of
    return when.astimezone(_zone())


def _zone() -> ZoneInfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def _troubles(found: Iterable[Asked]) -> list[Trouble]:
    troubles = []
    for asked in found:
        what = NOUNS[asked.question.kind]
        if asked.job.error is not None:
            troubles.append(of_error("everybody", what, asked.job.error))
        troubles += of_rows(asked.job.rows, what)
    return troubles
