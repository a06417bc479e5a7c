"""Links that save files. They look like buttons, and work whatever the page is doing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import streamlit as st

from gitlab_sync.pages.state.downloads import File, offer

STYLE = """
.gitlab-sync-files { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.gitlab-sync-files a {
    border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.5rem;
    color: inherit; padding: 0.35rem 0.75rem; text-decoration: none;
}
.gitlab-sync-files a::before { content: "\\2193\\00a0" / ""; }
.gitlab-sync-files a:hover, .gitlab-sync-files a:focus-visible { border-color: currentColor; }
"""
"""The look of the links, for the page's style sheet."""


class FileLink(NamedTuple):
    """One link: its text, the key of its file, which is unique in the page, and an explanation."""

    label: str
    key: str
    file: File
    help: str


def show_files(links: Iterable[FileLink]) -> None:
    """Show a row of links that save files."""
    anchors = (
        f'<a href="{offer(link.key, link.file)}" download="{escape(link.file.name)}" '
        f'title="{escape(link.help)}">{escape(link.label)}</a>'
        for link in links
    )
    st.html(f'<div class="gitlab-sync-files">{"".join(anchors)}</div>')
