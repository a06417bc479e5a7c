"""The state of the server in figures and rows, for the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.widgets.times import shown_moment
from gitlab_sync.session.runtime import Stats
from gitlab_sync.types import TableRow


def figures(stats: Stats, jobs: int, sign_ins: int) -> list[tuple[str, str, str]]:
    """Return title, figure and explanation of each number that the page shows."""
    return [
        ("Workers busy", f"{stats.busy} of {stats.workers}", "Requests under way at this moment."),
        ("Waiting", f"{sum(stats.queued.values()):,}", "Requests that wait for a worker."),
        ("Open connections", f"{stats.open_connections:,}", "To all GitLabs together."),
        ("Threads", f"{stats.threads:,}", "Of the pool; never more than there are workers."),
        ("Requests", f"{stats.requests:,}", "Since the server was started."),
        ("Retries", f"{stats.retries:,}", "Requests that were sent once more."),
        ("Rate limits met", f"{stats.limited:,}", "Answers 429: a limit had been reached."),
        ("Read", f"{stats.bytes / 1e6:,.1f} MB", "Bodies of answers, as they came."),
        ("Jobs", f"{jobs:,}", "Long questions that run, or whose answer is kept."),
        ("Sign-ins", f"{sign_ins:,}", "Browsers that are signed in."),
    ]


def queue_rows(stats: Stats) -> list[TableRow]:
    """Return who waits for the pool, the longest queue first; sessions have no names here."""
    ordered = sorted(stats.queued.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return [{"Session": str(tenant)[:8], "Waiting": number} for tenant, number in ordered if number]


def job_rows(jobs: Sequence[BackgroundJob]) -> list[TableRow]:
    """Return the jobs, those that run first, the youngest first."""
    ordered = sorted(jobs, key=lambda job: (not job.running, -job.started.timestamp()))
    return [
        {
            "State": "cancelling" if job.running and job.cancelling else job.state,
            "Started": shown_moment(job.started),
            "Done": job.progress.done,
            "Of": job.progress.total,
            "Requests": job.progress.requests,
            "Waits for a limit, s": round(job.progress.waiting),
        }
        for job in ordered
    ]
