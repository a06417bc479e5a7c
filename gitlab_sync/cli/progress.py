"""Shows on standard error how far a run is, while the main thread works."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gitlab_sync.cli.messages import is_json, note, printable
from gitlab_sync.rules.text import plural, share
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import Progress

_LOOKS_A_SECOND = 5
_QUIET_SECONDS = 10.0  # between two lines where there is no terminal
_WAIT_WORTH_A_WORD = 1.0  # seconds


def describe(what: str, now: Progress) -> str:
    """Return the progress in words: `12 of 40 merge requests, 95 requests`."""
    if now.waiting >= _WAIT_WORTH_A_WORD:
        return f"{_how_far(what, now)}; rate limit: going on in {now.waiting:.0f} s"
    return _how_far(what, now)


def _how_far(what: str, now: Progress) -> str:
    what = now.what or what
    items = f"finding {what}" if now.total is None else share(now.done, now.total, what)
    return f"{items}, {plural(now.requests, 'request')}"


def show_progress(
    tracker: ProgressTracker, what: str, *, quiet: bool, live: bool
) -> AbstractContextManager[object]:
    """Return the context in which progress is shown: a live line, plain lines, or nothing.

    `live` says that nothing else writes to the terminal in the meantime.
    """
    if quiet:
        return nullcontext()
    if not is_terminal():
        return _plain_lines(tracker, what)
    return _live_line(tracker, what) if live else nullcontext()


def is_terminal() -> bool:
    """Return whether standard error is a terminal that can redraw a line."""
    if is_json():
        return False
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _live_line(tracker: ProgressTracker, what: str) -> Live:
    """Redraw a bar and a few words while the work goes on, and remove them at the end."""

    def look() -> Table:
        now = tracker.now()
        bar = ProgressBar(total=now.total, completed=now.done, width=24, pulse=now.total is None)
        line = Table.grid(padding=(0, 1))
        line.add_row(bar, Text(printable(describe(what, now))))
        return line

    return Live(
        get_renderable=look,
        console=Console(stderr=True),
        refresh_per_second=_LOOKS_A_SECOND,
        transient=True,
    )


@contextlib.contextmanager
def _plain_lines(tracker: ProgressTracker, what: str) -> Iterator[None]:
    """Write lines for logs: at the start of each wait, and every ten seconds."""
    ended = threading.Event()

    def run() -> None:
        waited = False
        looks = 0
        while not ended.wait(1 / _LOOKS_A_SECOND):
            now = tracker.now()
            waits = now.waiting >= _WAIT_WORTH_A_WORD
            looks += 1
            if (waits and not waited) or looks >= _QUIET_SECONDS * _LOOKS_A_SECOND:
                looks = 0
                note(describe(what, now))
            waited = waits

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
