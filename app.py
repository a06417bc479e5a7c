"""Starts the web app: `streamlit run app.py`.

The server process imports this module once; `navigation.py` runs for each visitor. The bridge is
made here and not in a run of a page, so that its threads belong to the process. Log and figures are
set up as the environment says. A policy with faults ends the process: pages must not evaluate by
another one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

import gitlab_sync.pages
from gitlab_sync import telemetry
from gitlab_sync.concurrency.collector import collect_seldom
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.logs import log_by_environment
from gitlab_sync.pages.state.browser_cookie import BrowserCookie
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.downloads import Downloads
from gitlab_sync.pages.state.memory import give_back_memory
from gitlab_sync.pages.state.policy_setting import server_policy
from gitlab_sync.pages.widgets.error_panel import show_script_error
from gitlab_sync.session.runtime import get_bridge

try:
    log_by_environment()
    server_policy()
except ConfigurationError as error:
    sys.stderr.write(f"{error}\n{error.hint}\n")
    raise SystemExit(2) from None
give_back_memory()
collect_seldom()  # a job that reads for minutes leaves more CPU to other visitors
telemetry.watch(get_bridge().stats, JOBS.counts)

app = st.App(
    Path(gitlab_sync.pages.__file__).with_name("navigation.py"),
    middleware=[Middleware(BrowserCookie), Middleware(Downloads)],
    on_script_error=show_script_error,
)
