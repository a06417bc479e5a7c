"""`completion`: print the script with which a shell completes commands, and answer its queries.

The protocol is click's: the script runs this program with an environment variable set.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class, shell_complete

from gitlab_sync.cli.exits import OK
from gitlab_sync.cli.messages import NAME
from gitlab_sync.cli.options import Choice, Command, refuse_tokens

VARIABLE = "_GITLAB_SYNC_COMPLETE"
"""The environment variable in which the script of a shell says what to complete."""


_HELP = """Print the script with which a SHELL completes this command.

\b
bash, in ~/.bashrc:                   eval "$(gitlab-sync completion bash)"
zsh, in ~/.zshrc, after compinit:     eval "$(gitlab-sync completion zsh)"
fish, in ~/.config/fish/config.fish:  gitlab-sync completion fish | source
"""


@click.command(cls=Command, help=_HELP)
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
@refuse_tokens
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script with which a SHELL completes this command."""
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click has these three, whatever its version
    click.echo(made(context.find_root().command, {}, NAME, VARIABLE).source())
    return OK


def answer(command: click.Command) -> int | None:
    """Answer the query of a shell's script, and return the exit code; None if there is no query.

    Imports the modules of the commands and nothing else.
    """
    asked = os.environ.get(VARIABLE)
    return shell_complete(command, {}, NAME, VARIABLE, asked) if asked else None
