"""Each tab's connection to GitLab, and the jobs of the process that tabs watch."""

from __future__ import annotations

import secrets
from typing import Any, Literal

import streamlit as st
from streamlit.connections import BaseConnection

from gitlab_sync.client import GitLabClient
from gitlab_sync.pages.state import limits
from gitlab_sync.pages.state.job_queue import JobQueue
from gitlab_sync.pages.state.jobs import JobRegistry, Owner
from gitlab_sync.pages.state.sign_ins import SignIn

JOBS = JobRegistry(
    grace=float(limits.JOB_GRACE.value()),
    queue=JobQueue(limits.JOBS.value(), limits.JOBS_EACH.value()),
)
"""All background jobs of the process."""


class GitLabConnection(BaseConnection[GitLabClient]):
    """One tab's connection to GitLab: it holds the tab's client, and watches jobs as `owner`.

    Streamlit closes it when the tab loses its connection to the server, even for a moment. The
    client is then closed, and the tab's jobs are cancelled after their time of grace unless another
    run of the tab watches them again.
    """

    @classmethod
    def scope(cls) -> Literal["session"]:
        """Return the lifetime: each tab has its own connection."""
        return "session"

    # Streamlit passes the arguments of `st.connection` on, so their types are not checked.
    def _connect(self, **kwargs: Any) -> GitLabClient:
        sign_in: SignIn = kwargs["_sign_in"]
        self.owner = Owner(sign_in.handle, secrets.token_hex(8))
        return sign_in.client()

    @property
    def client(self) -> GitLabClient:
        """The client for single requests of a page; each job makes its own."""
        return self._instance

    def close(self) -> None:
        """Close the client and leave the jobs, without waiting. Called by Streamlit."""
        self._instance.close()
        JOBS.leave(self.owner)


def connect(sign_in: SignIn) -> GitLabConnection:
    """Return the connection of the tab that this run belongs to.

    Streamlit caches it by `handle`; arguments that begin with `_` are not part of the cache's key.
    """
    return st.connection(
        "gitlab", type=GitLabConnection, max_entries=1, handle=sign_in.handle, _sign_in=sign_in
    )
