"""The option `--policy` of commands that evaluate."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from gitlab_sync.cli.options import Connection
from gitlab_sync.errors import BadResponse, ConfigurationError, without_secrets
from gitlab_sync.types import POLICY_VARIABLE

_MOST_MEGABYTES = 2  # of an answer with one policy, which is base64 in JSON

_OPTION = click.option(
    "--policy", metavar="POLICY", envvar=POLICY_VARIABLE, show_envvar=True,
    help="The rules: fair, classic (those of the older client), a file, or the address of one in "
    "the same GitLab. Default: the nearest gitlab-sync.toml, from the working directory upward, or "
    "else fair.",
)  # fmt: skip


def policy_option(command: Callable[..., int]) -> Callable[..., int]:
    """Add the option, and pass the policy as the argument `policy`.

    Raises ConfigurationError for a name that is none, and for a file with faults, before the
    command begins.
    """

    @functools.wraps(command)
    def load(**given: Any) -> int:
        from gitlab_sync.policies.file import load as load_policy

        named = given.pop("policy") or None
        names = Connection.__dataclass_fields__
        known = {name: given[name] for name in names if name in given and name != "snapshot"}
        connection = Connection(**known)
        return command(policy=load_policy(named, remote=remote_of(connection)), **given)

    return _OPTION(load)


def remote_of(connection: Connection) -> Callable[[str], bytes]:
    """Return what reads a policy at an address of the GitLab of a connection.

    Each file has a session of its own, which ends before the command begins. The token goes only to
    that GitLab.
    """

    def read(address: str) -> bytes:
        from gitlab_sync.api.file_pages import read_page
        from gitlab_sync.cli.session import open_session

        with open_session(connection, largest=_MOST_MEGABYTES) as command:
            try:
                return read_page(command.session, address)
            except BadResponse as error:
                raise ConfigurationError(
                    f"{without_secrets(address)} cannot be read: {error.reason}",
                    hint="A policy has at most 1,000,000 bytes.",
                ) from None

    return read
