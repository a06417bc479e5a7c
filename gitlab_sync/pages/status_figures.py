"""The figures and tables of the status page."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.widgets.times import time_text
from gitlab_sync.session.runtime import Stats
from gitlab_sync.types import TableRow


def figures(stats: Stats, jobs: int, sign_ins: int) -> list[tuple[str, str, str]]:
    """Return the title, value and explanation of each figure; `jobs` and `sign_ins` are counts."""
    return [
        ("Workers busy", f"{stats.busy} of {stats.workers}", "Requests in progress now."),
        ("Waiting", f"{sum(stats.queued.values()):,}", "Requests that wait for a worker."),
        ("Open connections", f"{stats.open_connections:,}", "To all GitLab instances together."),
        ("Threads", f"{stats.threads:,}", "Threads of the executor, at most one for each worker."),
        ("Requests", f"{stats.requests:,}", "Since the server started."),
        ("Retries", f"{stats.retries:,}", "Requests that were sent again."),
        ("Rate limits", f"{stats.limited:,}", "Responses with status 429: too many requests."),
        ("Read", f"{stats.bytes / 1e6:,.1f} MB", "Response bodies as received."),
        ("Jobs", f"{jobs:,}", "Jobs that are running, or that have ended and are kept."),
        ("Sign-ins", f"{sign_ins:,}", "Browsers that are signed in."),
    ]


def queue_rows(stats: Stats) -> list[TableRow]:
    """Return a row for each sign-in with waiting requests, the longest queue first.

    A sign-in is shown by the first characters of its handle, which names no person.
    """
    ordered = sorted(stats.queued.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [{"Session": str(tenant)[:8], "Waiting": number} for tenant, number in ordered if number]


def job_rows(jobs: Sequence[BackgroundJob]) -> list[TableRow]:
    """Return a row for each job, running jobs first, then the newest first."""
    ordered = sorted(jobs, key=lambda job: (not job.running, -job.started.timestamp()))
    return [
        {
            "State": "cancelling" if job.running and job.cancelling else job.state,
            "Started": time_text(job.started),
            "Done": job.progress.done,
            "Of": job.progress.total,
            "Requests": job.progress.requests,
            "Rate limit wait, s": round(job.progress.waiting),
        }
        for job in ordered
    ]
