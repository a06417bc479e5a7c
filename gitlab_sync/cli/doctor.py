"""`doctor`: check everything that a run needs, and say what to do about each fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.exits import INCOMPLETE, NOTHING, OK
from gitlab_sync.cli.options import (
    FILE,
    Choice,
    Command,
    Connection,
    connection_options,
    store_option,
)
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.types import POLICY_VARIABLE, StoreMode

if TYPE_CHECKING:
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.services.doctor.finding import Finding
    from gitlab_sync.services.doctor.subject import Subject
    from gitlab_sync.settings import Settings

_MOST_PEOPLE = 100_000
_TIMEOUT = 30.0  # seconds; a doctor is asked when something hangs
_ATTEMPTS = 2
_STATUS, _NAME = 11, 10  # characters of the longest status, and of the longest name


@click.command(cls=Command)
@click.option(
    "--people", type=click.IntRange(1, _MOST_PEOPLE), metavar="N", default=40, show_default=True,
    help="Estimate a run about so many people.",
)  # fmt: skip
@click.option(
    "--policy", metavar="POLICY", envvar=POLICY_VARIABLE, show_envvar=True,
    help="The policy to check, as for mrs. Default: the one in force here.",
)  # fmt: skip
@store_option
@click.option(
    "--format", "-f", "form", type=Choice(["table", "json"]),
    help="Default: by the suffix of --output, else table: a line for each check. json: a list of "
    "objects.",
)  # fmt: skip
@click.option(
    "--output", "-o", type=FILE, metavar="FILE",
    help="Write to this file, completely or not at all. Default: standard output.",
)  # fmt: skip
@connection_options
def doctor(
    people: int,
    policy: str | None,
    store: StoreMode,
    form: str | None,
    output: str | None,
    connection: Connection,
) -> int:
    """Check everything that a run needs: network, token, GitLab, store, policy.

    Each line is ok, a warning or a problem, with what to do. No line has a secret, so that all of
    it can be shown to others. The exit code is 4 after a problem, and 3 after a warning or if
    something could not be checked.
    """
    from gitlab_sync.cli.files import open_file
    from gitlab_sync.cli.output import StandardOutput
    from gitlab_sync.reports.json_file import json_document
    from gitlab_sync.services.doctor.examination import examine

    as_json = (form or _by_suffix(output)) == "json"
    found: list[tuple[str, Finding]] = []
    with (
        _patient(connection, policy or None, store, people) as (subject, interruption),
        (
            nullcontext(StandardOutput())
            if output is None
            else open_file(output, "--output", interruption)
        ) as sink,
    ):
        for name, finding in examine(subject):
            found.append((name, finding))
            if not as_json:
                sink.write(_line(name, finding))
        if as_json:
            sink.write(json_document([_object(*each) for each in found]))
    statuses = {finding.status for _, finding in found}
    return NOTHING if "problem" in statuses else OK if statuses == {"ok"} else INCOMPLETE


def _by_suffix(output: str | None) -> str:
    return "json" if PurePath(output or "").suffix.lower() == ".json" else "table"


def _line(name: str, finding: Finding) -> bytes:
    from gitlab_sync.cli.messages import printable

    what = printable(f"{finding.text}. {finding.to_do}" if finding.to_do else finding.text)
    status = finding.status
    return f"{status:<{_STATUS}}  {name:<{_NAME}}  {what}\n".encode(errors="replace")


def _object(name: str, finding: Finding) -> dict[str, object]:
    return {
        "check": name,
        "status": finding.status,
        "finding": finding.text,
        "to_do": finding.to_do or None,
        "facts": dict(finding.facts),
    }


@contextmanager
def _patient(
    connection: Connection, policy: str | None, store: StoreMode, people: int
) -> Iterator[tuple[Subject, Interruption]]:
    """Yield what is to be examined. Of what is missing in the settings, the subject has the fault.

    Requests are tried twice at most, for half a minute, and wait for no rate limit.
    """
    from gitlab_sync.api.file_pages import read_page
    from gitlab_sync.cli.session import open_session
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.policies.file import load
    from gitlab_sync.services.doctor.subject import Subject

    found, fault = (None, None) if connection.demo else _settings(connection)
    if found is None and fault is not None:
        with Interruption() as interruption:
            yield Subject(None, "", partial(load, policy), store, people, fault), interruption
        return
    patience = replace(connection, timeout=connection.timeout or _TIMEOUT, max_wait=0.0)
    with open_session(patience, found=found) as command:
        session = command.session
        session.active.policy = replace(session.bridge.policy, attempts=_ATTEMPTS)
        source = "the built-in demo" if found is None else found.source
        read = partial(load, policy, remote=partial(read_page, session))
        kept: StoreMode = "off" if connection.demo else store
        subject = Subject(session, source, read, kept, people, token_fault=fault)
        yield subject, command.interruption


def _settings(connection: Connection) -> tuple[Settings | None, ConfigurationError | None]:
    """Return URL and token, and the fault of what is missing: without a token, only the URL."""
    from gitlab_sync.settings import resolve, url_alone

    try:
        return resolve(connection.url, connection.token_env, connection.gitlab_id), None
    except ConfigurationError as fault:
        try:
            return url_alone(connection.url, connection.gitlab_id), fault
        except ConfigurationError as of_url:
            return None, of_url
