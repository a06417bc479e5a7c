"""The status of the server, for admins: executor, queues, rate limits, jobs, sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from gitlab_sync.pages.state.browser import SIGN_INS
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.source import role_of
from gitlab_sync.pages.status_figures import figures, job_rows, queue_rows
from gitlab_sync.pages.widgets.page_header import current_visitor, show_header
from gitlab_sync.pages.widgets.times import time_text
from gitlab_sync.session.runtime import get_bridge

LEAD = (
    "What this server is doing now: its workers, the requests that wait for one, and how GitLab "
    "answers. This page reads nothing from GitLab."
)
UPDATE = 2.0  # seconds between two updates
_METRIC_WIDTH = 176  # pixels: two fit next to each other on a phone


def _show() -> None:
    stats, jobs = get_bridge().stats(), JOBS.all()
    with st.container(horizontal=True):
        for title, value, text in figures(stats, len(jobs), len(SIGN_INS)):
            st.metric(title, value, help=text, border=True, width=_METRIC_WIDTH)
    st.header("Waiting requests", anchor=False)
    rows = queue_rows(stats)
    if rows:
        st.dataframe(rows, hide_index=True, alt="Sign-ins and their waiting requests")
    else:
        st.caption("No requests are waiting: each gets a worker at once.")
    st.header("Jobs", anchor=False)
    if jobs:
        st.dataframe(job_rows(jobs), hide_index=True, alt="Jobs and their progress")
    else:
        st.caption("No jobs are running, and no results are stored.")
    now = time_text(datetime.now(UTC))
    st.caption(f"As of {now}. The path /_stcore/health of this server is its health check.")


visitor = current_visitor()
show_header(visitor, "Status", LEAD, has_people=False)
if role_of(visitor) == "admin":
    st.fragment(_show, run_every=UPDATE)()
