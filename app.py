"""The app's entrance: `streamlit run app.py`.

This module is imported once for each server process; what a visitor sees is run by the script that
it names. The bridge is made here and not in a page's run, so that its threads are the process's.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

import gitlab_sync.pages
from gitlab_sync.pages.state.browser_cookie import BrowserCookie
from gitlab_sync.pages.widgets.error_panel import show_failure
from gitlab_sync.session.runtime import get_bridge

get_bridge()

app = st.App(
    Path(gitlab_sync.pages.__file__).with_name("entrance.py"),
    middleware=[Middleware(BrowserCookie)],
    on_script_error=show_failure,
)
