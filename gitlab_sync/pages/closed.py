"""What a visitor sees of a server's snapshot who sees nothing of it: that it is closed to them."""

from __future__ import annotations

import streamlit as st

from gitlab_sync.pages.state.source import NoAccess
from gitlab_sync.pages.widgets.markdown import escaped


def show_closed(refusal: NoAccess) -> None:
    """Show in the place of each page why there is nothing on it."""
    st.title("Nothing to see", anchor=False)
    st.warning(
        escaped(f"{refusal.hint}"), title=escaped(f"{refusal.reason}."), icon=":material/lock:"
    )
