"""Lock files and lists of requirements."""

from __future__ import annotations

import json

import pytest
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


def names(result: lockfile.Dependencies) -> list[str]:
    """Return the names of the packages found."""
    return [package["name"] for package in result["packages"]]


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


def test_a_poetry_lock_gives_its_packages() -> None:
    """One from an index of its own has its address."""
    text = (
        '[[package]]\nname = "attrs"\nversion = "24.1"\n\n[[package]]\nname = "mine"\n'
        'version = "1"\n[package.source]\ntype = "git"\nurl = "https://git.example/mine"\n'
        '[metadata]\nlock-version = "2.1"\n'
    )
    result = lockfile.parse_poetry_lock(text)
    assert result["packages"] == [
        {"name": "attrs", "version": "24.1", "source": ""},
        {"name": "mine", "version": "1", "source": "https://git.example/mine"},
    ]


def test_a_pipfile_lock_gives_both_groups() -> None:
    """What both hold counts once."""
    content = {
        "_meta": {},
        "default": {"six": {"version": "==1.16", "index": "main"}, "own": {"path": "./own"}},
        "develop": {"six": {"version": "==1.16", "index": "main"}, "pytest": {"version": "==9"}},
    }
    result = lockfile.parse_pipfile_lock(json.dumps(content))
    assert names(result) == ["six", "own", "pytest"]
    assert result["packages"][0] == {"name": "six", "version": "1.16", "source": "main"}


def test_a_package_lock_gives_what_lies_in_node_modules() -> None:
    """Nested ones, too; the project and its workspaces are its own."""
    content = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "app"},
            "packages/web": {"version": "1.0.0"},
            "node_modules/web": {"link": True, "resolved": "packages/web"},
            "node_modules/@scope/a": {"version": "1.2.3", "resolved": "https://r.example/a.tgz"},
            "node_modules/@scope/a/node_modules/b": {"version": "2.0.0"},
        },
    }
    result = lockfile.parse_package_lock(json.dumps(content))
    assert names(result) == ["@scope/a", "b"]


def test_the_first_form_of_a_package_lock_nests() -> None:
    """Each level is read."""
    inner = {"b": {"version": "2", "dependencies": {"c": {"version": "3"}}}}
    content = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1", "dependencies": inner}}}
    assert names(lockfile.parse_package_lock(json.dumps(content))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("requests==2.32.4", ("requests", "2.32.4", "")),
        ("requests[socks] === 2 ; python_version < '3.12'  # why", ("requests", "2", "")),
        ("flask>=2", ("flask", "", "")),
        ("black", ("black", "", "")),
        ("a.b_c-d (==1)", ("a.b_c-d", "1", "")),
        ("tool @ https://git.example/tool.zip", ("tool", "", "https://git.example/tool.zip")),
        ("-e git+https://x.example/y#egg=why", ("why", "", "git+https://x.example/y#egg=why")),
        ("six==1 --hash=sha256:00", ("six", "1", "")),
        ("six==1 \\\n    --hash=sha256:00", ("six", "1", "")),
    ],
)
def test_requirements_are_read_in_all_their_forms(line: str, package: tuple[str, str, str]) -> None:
    """Extras, markers, comments, hashes and addresses."""
    found = lockfile.parse_requirements(line)["packages"]
    assert [tuple(one.values()) for one in found] == [package]


@pytest.mark.parametrize("line", ["", "# six", "-r more.txt", "--index-url x", "./local", "-e ."])
def test_lines_that_name_no_package_are_passed_over(line: str) -> None:
    """Options, comments and paths."""
    assert lockfile.parse_requirements(line) == {"total_dependencies": 0, "packages": []}


def test_the_most_exact_file_at_the_root_is_read() -> None:
    """A lock says more than a list of requirements, the root more than a folder."""
    assert lockfile.lock_file(["web/uv.lock", "requirements.txt"]) == "requirements.txt"
    assert lockfile.lock_file(["requirements.txt", "poetry.lock", "uv.lock"]) == "uv.lock"
    assert lockfile.lock_file(["main.py"]) is None
    assert lockfile.parse("a/requirements.txt", "six")["total_dependencies"] == 1
    assert "error" in lockfile.parse("go.sum", "x")


KEYS = st.sampled_from(["packages", "dependencies", "default", "node_modules/a", "version"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", sorted(lockfile.PARSERS))
@settings(max_examples=40, deadline=None)
@given(text=st.text() | VALUES.map(json.dumps))
def test_no_text_raises(name: str, text: str) -> None:
    """Each parser answers with packages or with an error."""
    result = lockfile.parse(name, text)
    assert ("error" in result) != ("packages" in result)


@pytest.mark.parametrize("name", sorted(lockfile.PARSERS))
@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 50_000, "a = " + "9" * 5_000, "\ud800"])
def test_a_hostile_text_is_an_error_or_nothing(name: str, text: str) -> None:
    """Deep nesting and endless numbers, too."""
    result = lockfile.parse(name, text)
    assert result.get("error") or result["packages"] is not None
