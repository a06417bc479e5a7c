"""One run's way to its GitLab: settings, bridge, client, and the signals that end it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click

from gitlab_sync import settings
from gitlab_sync.cli.messages import log_to_stderr, note
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions
from gitlab_sync.cli.signals import Interruption
from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import Cancelled
from gitlab_sync.http.credentials import Credential
from gitlab_sync.rules.text import plural
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Session
from gitlab_sync.settings import Settings
from gitlab_sync.store.store import PrincipalStore, clear_store, open_store

log = logging.getLogger("gitlab_sync.cli")


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A running job at one GitLab. `demo_people` are the usernames of the demo, else empty.

    `store` is what is kept of merge requests, if anything is.
    """

    rest: Session
    interruption: Interruption
    demo_people: list[str] = field(default_factory=list)
    store: PrincipalStore | None = None


@contextmanager
def open_session(connection: Connection, facts: FactOptions = NOTHING_KEPT) -> Iterator[CommandRun]:
    """Yield a job that Ctrl-C and SIGTERM cancel; nothing of it is left afterwards.

    Raises ConfigurationError when URL or token is missing. An interrupted read that nobody caught
    ends the command with the signal's exit code.
    """
    if connection.verbose:
        log_to_stderr()
    with ExitStack() as stack:
        people: list[str] = []
        if connection.demo:
            found, people = stack.enter_context(_demo())
        else:
            found = settings.resolve(connection.url, connection.token_env, connection.gitlab_id)
        log.info("reading %s, as told by %s", found.url, found.source)
        bridge = stack.enter_context(Bridge(connection.workers, verify=_verify(found)))
        client = stack.enter_context(GitLabClient(found.url, found.credential, bridge=bridge))
        interruption = stack.enter_context(Interruption())
        job = client.session.context(
            limit=connection.timeout, max_wait=connection.max_wait, cancel=interruption.cancel
        )
        rest = stack.enter_context(job)
        try:
            store = None if connection.demo else stack.enter_context(_store(rest, facts))
            yield CommandRun(rest, interruption, people, store)
        except (Cancelled, CancelledError):
            if interruption.exit_code is None:
                raise
            raise click.exceptions.Exit(interruption.exit_code) from None
        finally:
            stats = bridge.stats()
            log.info(
                "%d requests, %d retries, %d times over the limit, %d bytes, %d workers",
                stats.requests, stats.retries, stats.limited, stats.bytes, stats.workers,
            )  # fmt: skip


@contextmanager
def _store(rest: Session, facts: FactOptions) -> Iterator[PrincipalStore | None]:
    """Yield what is kept of this GitLab for whoever asks; None if nothing is."""
    if facts.clear:
        note(f"{plural(clear_store(rest.base_url), 'merge request')} forgotten")
    if facts.store == "off" or (facts.refresh and facts.store == "read-only"):
        yield None
        return
    mode = "refresh" if facts.refresh else facts.store
    with open_store(rest.base_url, rest.credential, mode) as store:
        yield store


def _verify(found: Settings) -> bool | str | None:
    """Return what certificates are checked against: the environment goes before a file."""
    if os.environ.get("GITLAB_SSL_VERIFY", "").strip():
        return None
    return False if found.verify == "false" else found.verify


@contextmanager
def _demo() -> Iterator[tuple[Settings, list[str]]]:
    """Serve the demo in this process; yield the settings for it and its people."""
    from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox, demo_world  # noqa: PLC0415 - demo only

    world = demo_world()
    people = list(world.truth.usernames)
    with Sandbox(world) as sandbox:
        yield Settings(sandbox.url, Credential(ADMIN_TOKEN), "the built-in demo"), people
