"""`policy`: show, check, describe and begin the file of a team."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from gitlab_sync.cli.exits import OK, USAGE
from gitlab_sync.cli.messages import complain_of, note, printable
from gitlab_sync.cli.options import (
    FILE,
    Choice,
    Command,
    Connection,
    connection_options,
    refuse_tokens,
)
from gitlab_sync.cli.policy import remote_of
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.text import did_you_mean
from gitlab_sync.types import POLICY_FILE, POLICY_VARIABLE


class _Group(click.Group):
    """A group of commands; the error for another name has the nearest one."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not (ctx.resilient_parsing or cmd_name.startswith("-")):
            known = did_you_mean(cmd_name, self.commands)
            ctx.fail(f"No such command {cmd_name!r}.{known}")
        return found


@click.group(cls=_Group)
@refuse_tokens
def policy() -> None:
    """Show, check, describe or begin the file in which a team writes what it agrees on."""


@policy.command(cls=Command)
@click.argument("name", metavar="[POLICY]", required=False, envvar=POLICY_VARIABLE)
@click.option(
    "--format", "-f", "form", type=Choice(["toml", "json"]), default="toml",
    show_default=True, help="toml: a file that says all of it; json: a list of objects.",
)  # fmt: skip
@connection_options
@click.pass_context
def show(context: click.Context, name: str | None, form: str, connection: Connection) -> int:
    """Show the policy in force, each value with where it comes from.

    POLICY is fair, classic, a file, or the address of one in the same GitLab.
    """
    from gitlab_sync.cli.output import StandardOutput
    from gitlab_sync.policies.file import BUILT_IN, load
    from gitlab_sync.policies.text import as_rows, as_toml
    from gitlab_sync.reports.json_file import json_document

    found = load(name or None, remote=remote_of(connection))
    if name:
        by_variable = context.get_parameter_source("name") is ParameterSource.ENVIRONMENT
        chosen = f"named by {POLICY_VARIABLE}" if by_variable else "as named"
    else:
        chosen = "no file was found" if found.name in BUILT_IN else "found upward from here"
    if form == "json":
        head = {"key": "policy", "value": found.source, "origin": chosen}
        data = json_document([head, *as_rows(found)])
    else:
        line = f"# {printable(found.source)}, {chosen}"
        data = f"{line}\n\n{as_toml(found)}".encode(errors="replace")
    StandardOutput().write(data)
    return OK


@policy.command(cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@connection_options
def check(files: tuple[str, ...], connection: Connection) -> int:
    """Check that each FILE is valid, with the files that it extends; name all faults.

    The exit code is 2 if one is not.
    """
    from gitlab_sync.policies.file import load

    code = OK
    for file in files:
        try:
            load(file, remote=remote_of(connection))
            note(f"{file} is valid")
        except ConfigurationError as error:
            complain_of(error)
            code = USAGE
    return code


@policy.command(cls=Command)
@refuse_tokens
def schema() -> int:
    """Print the JSON Schema of the file, by which editors complete and check it."""
    from gitlab_sync.cli.output import StandardOutput
    from gitlab_sync.policies.model import schema as schema_of_file
    from gitlab_sync.reports.json_file import json_document

    StandardOutput().write(json_document(schema_of_file()))
    return OK


@policy.command(cls=Command)
@click.argument("file", type=FILE, default=POLICY_FILE)
@refuse_tokens
def init(file: str) -> int:
    """Write a FILE to begin with, in which each key is explained; never over another file."""
    from gitlab_sync.policies.starter import STARTER

    try:
        with Path(file).open("x", encoding="utf-8", newline="\n") as made:
            made.write(STARTER)
    except FileExistsError:
        raise ConfigurationError(
            f"{file} is there already", hint="Edit it, or give another name."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None
    note(f"{file} is written: uncomment what you agree on")
    return OK
