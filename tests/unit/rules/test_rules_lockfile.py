"""The lock file of uv."""

from __future__ import annotations

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.projects import lockfile

UV = """
version = 1

[[package]]
name = "app"
version = "1.0"
source = { editable = "." }

[[package]]
name = "requests"
version = "2.32.4"
source = { registry = "https://registry.example/simple" }

[[package]]
name = "tool"
version = "0.1"
source = { git = "https://git.example/tool?rev=1#abc" }
"""


def test_a_uv_lock_gives_names_versions_and_sources() -> None:
    """The project itself is no dependency of its own."""
    assert lockfile.parse_uvlock_content(UV) == {
        "total_dependencies": 2,
        "packages": [
            {
                "name": "requests",
                "version": "2.32.4",
                "source": "https://registry.example/simple",
            },
            {"name": "tool", "version": "0.1", "source": "https://git.example/tool?rev=1#abc"},
        ],
    }


def test_a_uv_lock_without_packages_has_no_dependencies() -> None:
    """That is an answer, and not an error."""
    assert lockfile.parse_uvlock_content("version = 1") == {
        "total_dependencies": 0,
        "packages": [],
    }


@pytest.mark.parametrize("text", ["", "  \n", "[[package", "a = 1", "package = 3\nversion = 1"])
def test_what_is_no_uv_lock_is_an_error(text: str) -> None:
    """Never an empty list."""
    result = lockfile.parse_uvlock_content(text)
    assert list(result) == ["error"]
    assert result["error"]


def test_a_package_without_name_or_version_does_not_break_the_rest() -> None:
    """Read leniently."""
    text = 'version = 1\n[[package]]\nversion = "1"\n[[package]]\nname = "a"\nversion = 2\n'
    assert lockfile.parse_uvlock_content(text)["packages"] == [
        {"name": "a", "version": "", "source": ""}
    ]


@settings(max_examples=examples(40), deadline=None)
@given(text=st.text())
def test_no_text_raises(text: str) -> None:
    """The answer is packages or an error."""
    result = lockfile.parse_uvlock_content(text)
    assert ("error" in result) != ("packages" in result)


@pytest.mark.parametrize("text", ["[" * 50_000, "a = " + "9" * 5_000, "\ud800"])
def test_a_hostile_text_is_an_error(text: str) -> None:
    """Deep nesting and endless numbers, too."""
    assert lockfile.parse_uvlock_content(text)["error"]
