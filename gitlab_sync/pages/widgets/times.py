"""Days and times in the visitor's time zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from gitlab_sync.pages.state.source import current_run


def visitor_zone() -> ZoneInfo:
    """Return the time zone of the visitor's browser; UTC if it does not send a valid one."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError, OSError):  # it can name a folder, or be too long for a file
        return ZoneInfo("UTC")


def today() -> date:
    """Return the current day in the visitor's time zone."""
    return datetime.now(visitor_zone()).date()


def last_day() -> date:
    """Return the last day that a page can show: that of the snapshot, else today."""
    run = current_run()
    return today() if run is None else run.info.moment.astimezone(visitor_zone()).date()


def time_text(moment: datetime) -> str:
    """Return an aware time as text in the visitor's time zone: `5 March 2026, 14:30 CET`."""
    local = moment.astimezone(visitor_zone())
    return f"{local.day} {local:%B %Y, %H:%M %Z}"
