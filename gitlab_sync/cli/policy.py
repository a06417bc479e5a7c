"""The option `--policy` of commands that evaluate."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from gitlab_sync.types import POLICY_VARIABLE

_OPTION = click.option(
    "--policy", metavar="POLICY", envvar=POLICY_VARIABLE, show_envvar=True,
    help="The rules: fair, classic (those of the older client), or a file. Default: the nearest "
    "gitlab-sync.toml, from the working directory upward, or else fair.",
)  # fmt: skip


def policy_option(command: Callable[..., int]) -> Callable[..., int]:
    """Add the option, and pass the policy as the argument `policy`.

    Raises ConfigurationError for a name that is none, and for a file with faults.
    """

    @functools.wraps(command)
    def load(**given: Any) -> int:
        from gitlab_sync.policy_file import load as load_policy

        return command(policy=load_policy(given.pop("policy") or None), **given)

    return _OPTION(load)
