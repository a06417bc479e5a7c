"""The site of the documents: whole, without a dead link, and without another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from documents import DOCS
from site_builder import build_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser loads by itself, and by which attribute."""


class Page(HTMLParser):
    """The links of a page, its anchors, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is of interest."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        loads = LOADS.get(tag)
        if loads in given:
            self.loaded.append(given[loads])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once."""
    return build_site(tmp_path_factory.mktemp("site"))


def test_no_link_and_no_anchor_is_dead(site: Path) -> None:
    """In the pages as they are built, with what the theme adds."""
    pages = {path: Page(path) for path in site.rglob("*.html")}
    dead = [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items()
        for link in page.links
        if not urlsplit(link).scheme and not _leads_somewhere(path, link, pages)
    ]
    assert dead == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def _leads_somewhere(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    target, _, anchor = link.partition("#")
    found = (path.parent / unquote(target)).resolve() if target else path
    if found in pages:
        return not anchor or unquote(anchor) in pages[found].anchors
    return found.is_file()


def test_each_page_of_the_documents_is_on_the_site_and_is_led_to(site: Path) -> None:
    """By the lists of the indexes, which are its table of contents."""
    for path in DOCS.rglob("*.md"):
        name = path.relative_to(DOCS).with_suffix(".html")
        assert (site / name).is_file()
        if path.name != "index.md":
            index = path.parent / "index.md"
            assert f"]({path.name})" in index.read_text(encoding="utf-8"), path.name


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    """No script, font, style or picture: who reads is told to no one."""
    loaded = [each for path in site.rglob("*.html") for each in Page(path).loaded]
    styles = [each for path in site.rglob("*.css") for each in _loaded_by_style(path)]
    assert len(loaded) > 100
    assert [each for each in (*loaded, *styles) if re.match(r"(https?:)?//", each)] == []


def _loaded_by_style(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from re.findall(r"""url\(\s*["']?([^"')]+)""", text)
    yield from re.findall(r"""@import\s+["']([^"']+)""", text)
