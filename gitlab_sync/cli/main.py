"""`gitlab-sync`: its commands, each imported when it is used, and how every run ends.

To add a command: write it in a module of its own that imports the engine inside its functions, and
add a line to `COMMANDS`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from gitlab_sync._version import __version__
from gitlab_sync.cli import completion, exits
from gitlab_sync.cli.messages import (
    NAME,
    complain,
    complain_of,
    complain_of_usage,
    messages,
)
from gitlab_sync.cli.options import refuse_tokens
from gitlab_sync.concurrency.collector import collect_seldom
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.rules.text import did_you_mean

COMMANDS = {
    "mrs": "gitlab_sync.cli.evaluate",
    "issues": "gitlab_sync.cli.evaluate",
    "users": "gitlab_sync.cli.users",
    "profile": "gitlab_sync.cli.profile",
    "commits": "gitlab_sync.cli.commits",
    "identities": "gitlab_sync.cli.identities",
    "leaderboard": "gitlab_sync.cli.leaderboard",
    "weekly": "gitlab_sync.cli.weekly",
    "open": "gitlab_sync.cli.open_work",
    "reviews": "gitlab_sync.cli.reviews",
    "compliance": "gitlab_sync.cli.compliance",
    "check": "gitlab_sync.cli.check",
    "baseline": "gitlab_sync.cli.baseline",
    "parity": "gitlab_sync.cli.parity",
    "explain": "gitlab_sync.cli.explain",
    "policy": "gitlab_sync.cli.policy_commands",
    "waive": "gitlab_sync.cli.waive",
    "contests": "gitlab_sync.cli.contests",
    "snapshot": "gitlab_sync.cli.snapshot",
    "diff": "gitlab_sync.cli.diff",
    "sql": "gitlab_sync.cli.sql",
    "forget": "gitlab_sync.cli.forget",
    "export": "gitlab_sync.cli.export",
    "members": "gitlab_sync.cli.lookup",
    "search": "gitlab_sync.cli.lookup",
    "api": "gitlab_sync.cli.api",
    "whoami": "gitlab_sync.cli.whoami",
    "doctor": "gitlab_sync.cli.doctor",
    "app": "gitlab_sync.cli.app",
    "sandbox": "gitlab_sync.cli.sandbox",
    "completion": "gitlab_sync.cli.completion",
}
"""The module of each command. The function has the name of the command, with `_` for `-`."""


class LazyGroup(click.Group):
    """Imports each command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        home = COMMANDS.get(cmd_name)
        if home is None:
            if not (ctx.resilient_parsing or cmd_name.startswith("-")):
                known = did_you_mean(cmd_name, COMMANDS)
                ctx.fail(f"No such command {cmd_name!r}.{known}")
            return None
        command: click.Command = getattr(import_module(home), cmd_name.replace("-", "_"))
        return command


@click.group(
    cls=LazyGroup,
    epilog=exits.EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@refuse_tokens
def cli() -> None:
    """How well does a team work in GitLab? Evaluate merge requests and issues of many people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors become lines on standard error.

    `arguments` follow the name of the program (None: those of the process).
    """
    _replace_closed_streams()
    if arguments is None:
        collect_seldom()
    try:
        with messages():
            return _run(sys.argv[1:] if arguments is None else list(arguments))
    except BrokenPipeError:
        return exits.BROKEN_PIPE
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    finally:
        _drop_what_cannot_be_written()


def _run(arguments: list[str]) -> int:
    try:
        answered = completion.answer(cli)
        return _invoke(arguments) if answered is None else answered
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        complain_of_usage(error)
        return exits.USAGE
    except GitLabSyncError as error:
        complain_of(error)
        return exits.USAGE if isinstance(error, ConfigurationError) else exits.NOTHING
    except BrokenPipeError:
        raise
    except OSError as error:
        complain(f"{error.strerror or error}: {error.filename or 'the output'}")
        return exits.USAGE
    except Exception as error:  # noqa: BLE001 - no traceback for a person at a shell
        complain(
            f"{type(error).__name__}: {error}",
            "This is a fault in gitlab-sync. Please report it, with the command that you ran.",
        )
        return exits.FAULT


def _invoke(arguments: list[str]) -> int:
    with cli.make_context(NAME, arguments) as context:
        code: int = cli.invoke(context)
        return code


def _replace_closed_streams() -> None:
    """Give each closed standard stream a file that can be used only the other way.

    So its use is an OSError, and no file or connection gets its descriptor, to which other code
    writes.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_WRONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_RDONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def _drop_what_cannot_be_written() -> None:
    """Write what the streams hold back, or the interpreter would end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
