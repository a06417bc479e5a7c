"""The state of the server, for whoever runs it: pool, queues, limits, jobs, sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from gitlab_sync.pages.state.connection import JOBS, SESSIONS
from gitlab_sync.pages.state.server_state import figures, job_rows, queue_rows
from gitlab_sync.pages.widgets.frame import begin, role_of
from gitlab_sync.pages.widgets.times import shown_moment
from gitlab_sync.session.runtime import get_bridge

LEAD = (
    "What this server is doing right now: its pool of workers, who waits for it, and how GitLab "
    "answers. It reads nothing from GitLab."
)
LOOK = 2.0  # seconds between two looks at the figures
_METRIC = 176  # pixels: two stand side by side on a phone


def _show() -> None:
    stats, jobs = get_bridge().stats(), JOBS.all()
    with st.container(horizontal=True):
        for title, figure, text in figures(stats, len(jobs), len(SESSIONS)):
            st.metric(title, figure, help=text, border=True, width=_METRIC)
    st.header("Who waits for the pool", anchor=False)
    rows = queue_rows(stats)
    if rows:
        st.dataframe(rows, hide_index=True, alt="Sessions and their waiting requests")
    else:
        st.caption("Nobody: each request gets a worker at once.")
    st.header("Jobs", anchor=False)
    if jobs:
        st.dataframe(job_rows(jobs), hide_index=True, alt="Jobs and how far they are")
    else:
        st.caption("None runs, and no answer is kept.")
    now = shown_moment(datetime.now(UTC))
    st.caption(f"As of {now}. The address /_stcore/health tells whether the server is alive.")


visitor = begin("Status", LEAD, of_people=False)
if role_of(visitor) == "admin":
    st.fragment(_show, run_every=LOOK)()
