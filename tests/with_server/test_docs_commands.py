"""Every command line of the documents runs, page by page, in a course that has what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from cli_runs import of_sandbox
from course import MENTOR, URL, course_world, put_files
from documents import DOCUMENTS, FENCE, ROOT, blocks, label
from terminal import PROGRAM, Terminal, path_with_command
from walk import FOREIGN, SERVERS, TYPED, Walk, compare

from gitlab_sync.cli.main import cli
from gitlab_sync.sandbox import Sandbox

OWN_TEST = {"tour.md", "first-table.md", "proxy.md"}
"""Pages with a test of their own, since they need another folder, another network, or Python."""

PAGES = [
    path for path in DOCUMENTS if path.name not in OWN_TEST and any(blocks(path, *TYPED, "text"))
]
MOST_FOREIGN = 12


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", PAGES, ids=label)
def test_each_command_line_of_a_page_runs(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """In order, in one folder; and what a console shows is what comes out."""
    folder = tmp_path / "folder"
    with Sandbox(course_world()) as sandbox:
        token = sandbox.token_for(MENTOR, scopes=["api"])
        environ = of_sandbox(
            sandbox,
            tmp_path,
            GITLAB_TOKEN=token,
            GITLAB_SYNC_POLICY="",
            CI_PROJECT_PATH="courses/2026/app",
            CI_COMMIT_SHA="main",
            PATH=path_with_command(),
            PYTHONPATH=str(ROOT),
        )
        next_year = f"{date.today().year + 1}-12-31"  # noqa: DTZ011 - of a waiver, to the day
        yours = {
            URL: sandbox.url,
            "GITLAB_TOKEN=…": f"GITLAB_TOKEN={token}",
            "2026-12-31": next_year,
            "make ": f"make --directory {ROOT} ",
        }
        walk = Walk(Terminal(folder, environ, yours), folder)
        put_files(folder)
        found = walk.retold(path.read_text(encoding="utf-8"))
    if walk.failed:
        pytest.fail("\n\n".join(walk.failed), pytrace=False)
    compare(path, found, request)


def test_the_library_does_what_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the people, the group and the project that it names."""
    (block,) = blocks(ROOT / "README.md", "python")
    with Sandbox(course_world()) as sandbox:
        for name, value in of_sandbox(sandbox, tmp_path).items():
            monkeypatch.setenv(name, value)
        exec(compile(block.text, "README.md", "exec"), {})
    told = capsys.readouterr().out
    assert "merge requests read" in told
    assert "alice Success" in told
    assert told.splitlines()[-1] == "App"


def test_what_no_test_can_run_says_what_it_needs_and_is_little() -> None:
    """A block that says nothing runs."""
    needs = [
        block.words.removeprefix(FOREIGN)
        for path in DOCUMENTS
        for block in blocks(path, *TYPED)
        if block.words.startswith(FOREIGN)
    ]
    assert all(needs)
    assert len(needs) <= MOST_FOREIGN


@pytest.mark.parametrize("line", SERVERS)
def test_what_runs_until_it_is_stopped_is_started_elsewhere(line: str) -> None:
    """By a test that looks at what it serves."""
    text = (ROOT / SERVERS[line]).read_text(encoding="utf-8")
    program, *words = line.split()
    assert all(f'"{word}"' in text for word in words[:-1])
    assert words[-1] in text
    assert program.partition("-")[0] in text


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_a_command_in_a_sentence_exists_with_its_options(path: Path) -> None:
    """It is no line to copy, but a reader types it all the same."""
    prose = FENCE.sub("", path.read_text(encoding="utf-8"))
    for span in re.findall(rf"`{PROGRAM} ([^`]+)`", prose):
        words = [word.partition("\\|")[0].partition("|")[0] for word in span.split()]
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= set(_options(cli, words)), span


def _options(command: click.Command, words: list[str]) -> Iterator[str]:
    """Yield the options of a command, and of the one below it that the words name."""
    yield from (option for each in command.params for option in each.opts)
    if isinstance(command, click.Group) and words:
        below = command.get_command(click.Context(command), words[0])
        if below is not None:
            yield from _options(below, words[1:])
