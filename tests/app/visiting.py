"""What a visitor does in Streamlit's own test harness, for the tests in this folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Dataframe

from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.sandbox import Sandbox

NAVIGATION = Path(__file__).parents[2] / "gitlab_sync" / "pages" / "navigation.py"
PATIENCE = 60.0
"""Seconds that a condition may take to come true on a busy machine."""


def visitor() -> AppTest:
    """Return a visitor who has just come to the app."""
    return AppTest.from_file(str(NAVIGATION), default_timeout=PATIENCE).run()


def press(at: AppTest, label: str) -> AppTest:
    """Press the button with that label."""
    (button,) = [button for button in at.button if button.label == label]
    at = button.click().run()
    assert not at.exception
    return at


def until_done(at: AppTest) -> AppTest:
    """Return the page once all jobs have ended."""
    for job in JOBS.all():
        assert job.wait(PATIENCE)
    at = at.run()
    assert not at.exception
    return at


def until(at: AppTest, condition: Callable[[AppTest], bool]) -> AppTest:
    """Look at the page again and again until a condition is true of it."""
    deadline = time.monotonic() + PATIENCE
    while not condition(at):
        assert time.monotonic() < deadline
        at.run()
    return at


def texts(at: AppTest) -> str:
    """Return all sentences of the page."""
    elements = [
        *(at.markdown, at.caption, at.info, at.warning, at.error, at.title, at.header),
    ]
    return "\n".join(str(element.value) for kind in elements for element in kind)


def shown_texts(table: Dataframe) -> pd.DataFrame:
    """Return the texts of a table's cells, where they differ from their values."""
    stream = pa.ipc.open_stream(table.proto.arrow_data.styler.display_values)
    return stream.read_all().to_pandas()


def in_the_demo(page: str | None = None) -> AppTest:
    """Return a visitor of the demo, on its first page or on the page of that file's name."""
    return go_to(press(visitor(), "Open the demo"), page)


def go_to(at: AppTest, page: str | None) -> AppTest:
    """Go to the page of a file's name (`user_profile.py`); None stays."""
    if page is not None:
        at = at.switch_page(str(NAVIGATION.with_name(page))).run()
        assert not at.exception
    return at


def signed_in(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str) -> AppTest:
    """Return a visitor who signed in with a token of that person (`admin`: an administrator)."""
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    at.text_input(key="sign_in_token_0").set_value(sandbox.token(name))
    return press(at, "Sign in")
