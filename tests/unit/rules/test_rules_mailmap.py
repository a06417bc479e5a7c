"""A project's `.mailmap`, read as git reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.identity.mailmap import Mailmap, parse_mailmap

MAILMAP = """\
# The four forms, one after another.
Ann Lee <ann@home.example>
<ann@corp.example> <ann@old.example>
Bob Ray <bob@corp.example> <bob@home.example>
Cleo Fox <cleo@corp.example> CF <root@localhost> # the build machine
Dan Elk <dan@corp.example> DE <root@localhost>

Fay <fay@corp.example>
<fay@new.example> <FAY@corp.example>
<gil@new.example> <gil@corp.example>
Gil <gil@corp.example>
"""
SIGNATURES = [
    ("ann", "ann@home.example"),
    ("ann", "ANN@old.example"),
    ("bob", "bob@home.example"),
    ("CF", "root@localhost"),
    ("de", "root@localhost"),
    ("Someone", "root@localhost"),
    ("f", "fay@corp.example"),
    ("g", "gil@corp.example"),
    ("Ann Lee", "ann@corp.example"),
    ("No One", "no-one@corp.example"),
]


def test_each_form_maps_what_it_says() -> None:
    """Name, address, both, and both for one name among several under the same address."""
    read = parse_mailmap(MAILMAP)
    assert read.faults == ()
    assert [read.proper(*signature) for signature in SIGNATURES] == [
        ("Ann Lee", "ann@home.example"),
        ("ann", "ann@corp.example"),
        ("Bob Ray", "bob@corp.example"),
        ("Cleo Fox", "cleo@corp.example"),
        ("Dan Elk", "dan@corp.example"),
        ("Someone", "root@localhost"),
        ("Fay", "fay@new.example"),
        ("Gil", "gil@new.example"),
        ("Ann Lee", "ann@corp.example"),
        ("No One", "no-one@corp.example"),
    ]


def test_git_itself_says_the_same(tmp_path: Path) -> None:
    """Asked through `git check-mailmap`."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("no git to ask")
    subprocess.run([git, "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".mailmap").write_text(MAILMAP, encoding="utf-8")
    asked = "".join(f"{name} <{address}>\n" for name, address in SIGNATURES)
    answer = subprocess.run(
        [git, "-C", tmp_path, "check-mailmap", "--stdin"],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    read = parse_mailmap(MAILMAP)
    ours = ["{} <{}>".format(*read.proper(*signature)) for signature in SIGNATURES]
    assert answer.stdout.splitlines() == ours


def test_bad_lines_are_named_and_passed_over() -> None:
    """A project's file can be spoiled; its commits are still read."""
    text = "Ann Lee\nAnn Lee <a@b>\n<c@d>\nX <> <e@f>\nX <a@b> <c@d> <e@f>\nX <a@b\n"
    read = parse_mailmap(text, "app/.mailmap")
    assert read.proper("ann", "a@b") == ("Ann Lee", "a@b")
    assert read.faults == (
        "app/.mailmap, line 1: no address in “<…>”, or too many",
        "app/.mailmap, line 3: one address alone says nothing",
        "app/.mailmap, line 4: the first address is empty",
        "app/.mailmap, line 5: no address in “<…>”, or too many",
        "app/.mailmap, line 6: no address in “<…>”, or too many",
    )


def test_an_empty_mailmap_changes_nothing() -> None:
    """Most projects have none."""
    assert (
        Mailmap().proper("Ann", "A@b") == parse_mailmap("").proper("Ann", "A@b") == ("Ann", "A@b")
    )


@settings(deadline=None)
@given(st.text(st.sampled_from("ab<>@# \n\r\t") | st.characters()), st.text(), st.text())
def test_no_text_raises(text: str, name: str, address: str) -> None:
    """Neither the file nor what is looked up in it."""
    assert len(parse_mailmap(text).proper(name, address)) == 2
