"""The page of commands and the commands say the same."""

from __future__ import annotations

import re

import click
import pytest
from documents import text_of

from gitlab_sync.cli.exits import EXIT_CODES
from gitlab_sync.cli.main import COMMANDS, cli

TEXT = text_of("commands")
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
