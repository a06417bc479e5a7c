"""README says in one screen what this is, and how to see it."""

from __future__ import annotations

import re

from documents import ROOT

from gitlab_sync.cli.main import COMMANDS

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES_OF_A_SCREEN = 24


def test_the_first_two_sentences_say_what_it_is_without_names_of_ours() -> None:
    """For a person who has never seen the project: no word of its own, and no abbreviation."""
    paragraph = README.split("\n\n")[1].replace("\n", " ")
    assert len(re.split(r"(?<=[.?]) (?=[A-Z])", paragraph)) == 2
    assert "GitLab" in paragraph
    assert not re.search(r"`|\b(CI|API|REST|GraphQL|OIDC|bridge|sandbox|store)\b", paragraph)


def test_the_two_commands_are_before_the_first_picture_and_that_is_on_the_first_screen() -> None:
    """Nothing else is typed before it."""
    head = README[: README.index("![")]
    assert re.findall(r"^\$ ([^#\n]+?) +#", head, re.MULTILINE) == ["make demo", "make test"]
    assert head.count("\n") <= LINES_OF_A_SCREEN


def test_every_command_is_in_the_table_and_no_other() -> None:
    """With what it shows, in a few words."""
    table = README.split("| command | what it shows |")[1].split("\n\n")[0]
    named = [
        name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    assert sorted(named) == sorted(COMMANDS)
