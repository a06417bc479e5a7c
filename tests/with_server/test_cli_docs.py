"""docs/commands.md and the commands say the same."""

from __future__ import annotations

import json
import re
import shlex
import string
from pathlib import Path

import click
import openpyxl
import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.cli import exits
from gitlab_sync.cli.exits import EXIT_CODES
from gitlab_sync.cli.main import COMMANDS, cli
from gitlab_sync.rules.items.table import ISSUE_COLUMNS
from gitlab_sync.sandbox import Sandbox, demo_world

served, sandbox, world = shared(demo_world)

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Return the text below each heading of the second level."""
    parts = HEADING.split(TEXT)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(name: str) -> set[str]:
    """Return the options that the tables for a command name, those it shares included."""
    found = sections()
    text = next(text for heading, text in found.items() if f"`gitlab-sync {name}`" in heading)
    told: set[str] = set()
    while anchors := set(re.findall(r"\(#(\w+)\)", text)) - told:
        told |= anchors
        text += "".join(found[anchor.capitalize()] for anchor in anchors)
    rows = re.findall(r"^\| (`-.*?) \|", text.replace("\\|", "/"), re.MULTILINE)
    return {option for row in rows for option in re.findall(r"`(--?[A-Za-z][a-z-]*)", row)}


def real(name: str) -> set[str]:
    """Return the options that a command has, but for `--help` and what it only refuses."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    parts = command.commands.values() if isinstance(command, click.Group) else ()
    return {
        option
        for parameter in (each for part in (command, *parts) for each in part.params)
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_of_each_command_is_documented_and_no_other(name: str) -> None:
    """Neither runs ahead of the other."""
    assert documented(name) == real(name)


def examples() -> list[str]:
    """Return the lines of the examples that run a command which ends by itself."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).splitlines()
    return [line for line in lines if "gitlab-sync " in line and "sandbox" not in line]


@pytest.mark.parametrize("line", examples())
def test_each_example_runs(
    line: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is wrong usage; that its people and groups are not in the demo is another matter."""
    monkeypatch.chdir(tmp_path)
    for name in ("team.txt", "class.csv"):
        Path(name).write_text("username\nkira.osei\n", encoding="utf-8")
    titles = ISSUE_COLUMNS[:10]
    Path("old.csv").write_text(f"{','.join(titles)}\nkira.osei{',0' * 9}\n", encoding="utf-8")
    Path("team.toml").write_text("time_tracking = true\n", encoding="utf-8")
    Path("aliases.txt").write_text("kira.osei, kira@home.example\n", encoding="utf-8")
    members = [{"username": "kira.osei"}]
    teams = {"teams": [{"team_name": "Red", "members": members}]}
    Path("teams.json").write_text(json.dumps(teams), encoding="utf-8")
    book = openpyxl.Workbook()
    book.worksheets[0].append(["kira.osei"])
    book.save("class.xlsx")
    known = {"CI_PROJECT_PATH": "harbour/ferry", "CI_COMMIT_SHA": "main"}
    environ = of_sandbox(sandbox, tmp_path, **known)
    given = b""
    for part in line.split(" | "):
        words = shlex.split(string.Template(part).safe_substitute(known), comments=True)
        if words[0] == "echo":
            given = words[1].encode()
            continue
        done = run(environ, *words[words.index("gitlab-sync") + 1 :], given=given)
        ended = {exits.OK, exits.FAILED, exits.INCOMPLETE, exits.NOTHING}
        assert done.returncode in ended, done.stderr
        given = done.stdout


def test_each_command_has_a_heading_and_each_heading_a_command() -> None:
    """Neither runs ahead of the other."""
    named = {name for heading in sections() for name in re.findall(r"`gitlab-sync (\w+)`", heading)}
    assert named == set(COMMANDS)


def test_the_exit_codes_are_those_of_the_code() -> None:
    """Word by word."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", sections()["Exit codes"], re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES


def test_every_command_says_in_one_line_what_it_does() -> None:
    """Help lists them with it."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.get_short_help_str()
