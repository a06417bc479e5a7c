"""`completion`: what lets a shell complete commands and options, and the answers to its questions.

The protocol is click's: the script asks the program itself, with a variable of the environment set.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

from gitlab_sync.cli.exits import EPILOG, OK
from gitlab_sync.cli.messages import NAME
from gitlab_sync.cli.options import refuse_tokens

VARIABLE = "_GITLAB_SYNC_COMPLETE"
"""The variable in which a shell's script says what it wants to know."""


_HELP = """Print the script that lets a SHELL complete this command.

\b
bash, in ~/.bashrc:                   eval "$(gitlab-sync completion bash)"
zsh, in ~/.zshrc, after compinit:     eval "$(gitlab-sync completion zsh)"
fish, in ~/.config/fish/config.fish:  gitlab-sync completion fish | source
"""


@click.command(help=_HELP, epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@refuse_tokens
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that lets a SHELL complete this command."""
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click has these three, whatever its version
    click.echo(made(context.find_root().command, {}, NAME, VARIABLE).source())
    return OK


def answer(command: click.Command) -> int | None:
    """Answer the question that a shell's script asks, and return the exit code; None without one.

    Nothing is loaded for it but the commands themselves.
    """
    asked = os.environ.get(VARIABLE)
    return shell_complete(command, {}, NAME, VARIABLE, asked) if asked else None
