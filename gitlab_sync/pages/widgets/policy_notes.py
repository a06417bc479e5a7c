"""What to look at in the policy, after a run that used it."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from gitlab_sync.pages.widgets.markdown import escaped


def show_warnings(texts: Iterable[str]) -> None:
    """Show each on a line of its own: waivers that have ended, or that matched nothing.

    They can name other people, so they are not for members.
    """
    for text in texts:
        st.caption(f":material/warning: {escaped(text)}.")
