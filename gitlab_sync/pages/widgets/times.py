"""Times and days as whoever looks at a page reads them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st


def visitors_zone() -> ZoneInfo:
    """Return the time zone of the visitor's browser; UTC where it does not say."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def today() -> date:
    """Return the day that it is where the visitor is."""
    return datetime.now(visitors_zone()).date()


def shown_moment(moment: datetime) -> str:
    """Return an aware time for people, by the visitor's clock: `5 March 2026, 14:30 CET`."""
    local = moment.astimezone(visitors_zone())
    return f"{local.day} {local:%B %Y, %H:%M %Z}"
