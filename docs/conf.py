"""How Sphinx makes the site: `make docs`. Pages are Markdown as GitLab reads it.

The parts of the site and the order of their pages are those of the links in lists of each
`index.md`, so that GitLab and the site show the same.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from gitlab_sync import __version__  # noqa: E402 - of this checkout, whatever is installed

project = "gitlab_sync"
author = "the authors of gitlab_sync"
project_copyright = "the authors of gitlab_sync, AGPL-3.0-or-later"
release = version = __version__
html_title = "gitlab_sync"

extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
# A fence says what it shows; nothing guesses.
highlight_language = "none"
nitpicky = True
smartquotes = False  # `--` is an option, and no dash

html_theme = "pydata_sphinx_theme"
html_logo = "../gitlab_sync/pages/icon.svg"
html_favicon = html_logo
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "show_version_warning_banner": False,
    "primary_sidebar_end": [],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars: dict[str, list[str]] = {"index": [], "development": []}

_ITEM = re.compile(r"^- \[[^\]]+\]\(([\w/-]+)\.md\)", re.MULTILINE)
_AT_THE_ROOT = re.compile(r"\[[^\]]+\]\((?:\.\./)+([A-Z_]+\.md)\)")


def _as_a_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Give an index the hidden table of contents that its lists of links say.

    Documents at the root of the project are no pages, so they are only named.
    """
    del app
    source[0] = _AT_THE_ROOT.sub(r"`\1`", source[0])
    if name.endswith("index"):
        pages = "\n".join(_ITEM.findall(source[0]))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def setup(app: Sphinx) -> None:
    """Have Sphinx ask before it reads a page."""
    app.connect("source-read", _as_a_page)
