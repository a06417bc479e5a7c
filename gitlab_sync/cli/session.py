"""A command's session with its GitLab: settings, bridge, client, and the signals that end it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from gitlab_sync import settings, telemetry
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import NOTHING_KEPT, Connection, FactOptions
from gitlab_sync.cli.progress import show_progress
from gitlab_sync.cli.signals import Interruption
from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import Cancelled, ConfigurationError
from gitlab_sync.http.credentials import Credential, SentCredential
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Session
from gitlab_sync.settings import Settings
from gitlab_sync.store.store import PrincipalStore, clear_store, open_store
from gitlab_sync.types import DEFAULT_SOURCE, OnRow, Source

if TYPE_CHECKING:
    from gitlab_sync.snapshots.snapshot import Snapshot

log = logging.getLogger("gitlab_sync.cli")

_DEMO_VARIABLE = "GITLAB_SYNC_DEMO_TOKEN"


@dataclass(frozen=True, slots=True)
class CommandRun:
    """What a command works with while it runs: a session, or a snapshot. Immutable.

    Ctrl-C and SIGTERM cancel the request context of the session. `demo_people` are the usernames in
    the demo, else empty. `store` holds facts about merge requests (None: nothing is stored).
    `executor` has the workers of the run (None: this process alone).
    """

    source_of_rows: Session | Snapshot
    interruption: Interruption
    connection: Connection
    demo_people: Sequence[str] = ()
    source: Source = DEFAULT_SOURCE
    store: PrincipalStore | None = None
    executor: Executor | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot, if rows come from one."""
        return None if isinstance(self.source_of_rows, Session) else self.source_of_rows

    @property
    def session(self) -> Session:
        """The session; ConfigurationError if rows come from a snapshot."""
        if isinstance(self.source_of_rows, Session):
            return self.source_of_rows
        raise ConfigurationError(
            "This must be asked of a GitLab, got a snapshot", hint="Leave out --from."
        )

    @property
    def instance(self) -> str:
        """The URL of the GitLab that the rows are of."""
        found = self.source_of_rows
        return found.base_url if isinstance(found, Session) else found.info.instance

    @contextmanager
    def progress(
        self, what: str, on_row: OnRow | None = None, *, live: bool = True
    ) -> Iterator[Run]:
        """Show how many `what` are done, and yield the run for a service.

        `on_row` gets each row as soon as it is known. `live` says that nothing else writes to the
        terminal in the meantime.
        """
        tracker = ProgressTracker()
        if self.snapshot is None:
            tracker.attach(self.session)
        with show_progress(tracker, what, quiet=self.connection.quiet, live=live):
            yield Run(
                tracker=tracker,
                on_row=on_row,
                max_wait=self.connection.max_wait,
                source=self.source,
                store=self.store,
                executor=self.executor,
            )


@contextmanager
def open_session(
    connection: Connection,
    facts: FactOptions = NOTHING_KEPT,
    largest: int | None = None,
    found: Settings | None = None,
) -> Iterator[CommandRun]:
    """Yield a session that Ctrl-C and SIGTERM cancel, and close everything at the end.

    `largest` is as in a `Bridge`. `found` are the settings of the connection, if they are known
    already. Raises ConfigurationError if the URL or the token is missing. A
    cancelled read that the command does not catch ends it with the exit code of the signal. With a
    snapshot there is none, and no request: raises ConfigurationError for one that cannot be read.
    """
    if connection.snapshot is not None:
        from gitlab_sync.snapshots.snapshot import open_snapshot

        with open_snapshot(connection.snapshot) as snapshot, Interruption() as interruption:
            yield CommandRun(snapshot, interruption, connection)
        return
    with ExitStack() as stack:
        people: list[str] = []
        if connection.demo:
            found, people = stack.enter_context(_demo())
        elif found is None:
            found = settings.resolve(connection.url, connection.token_env, connection.gitlab_id)
        log.info("reading %s, from %s", found.url, found.source)
        bridge = stack.enter_context(Bridge(connection.workers, verify=found.tls, largest=largest))
        stack.callback(telemetry.watch(bridge.stats))
        credential = found.credential
        if connection.send_token:
            credential = SentCredential.of(credential)
        client = stack.enter_context(GitLabClient(found.url, credential, bridge=bridge))
        interruption = stack.enter_context(Interruption())
        context = client.session.context(
            limit=connection.timeout, max_wait=connection.max_wait, cancel=interruption.cancel
        )
        session = stack.enter_context(context)
        try:
            store = None if connection.demo else stack.enter_context(_store(session, facts))
            workers = stack.enter_context(_workers(connection))
            yield CommandRun(
                session, interruption, connection, people, facts.source, store, workers
            )
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


def _workers(connection: Connection) -> AbstractContextManager[Executor | None]:
    if connection.processes is not None:
        from gitlab_sync.workers.processes import ProcessWorkers

        return ProcessWorkers(connection.processes)
    if connection.cluster is not None:
        from gitlab_sync.workers.cluster import ClusterWorkers

        return ClusterWorkers(connection.cluster)
    return nullcontext()


@contextmanager
def _store(session: Session, facts: FactOptions) -> Iterator[PrincipalStore | None]:
    if facts.clear:
        note(f"{plural(clear_store(session.base_url), 'stored merge request')} deleted")
    if facts.store == "off" or (facts.refresh and facts.store == "read-only"):
        yield None
        return
    mode = "refresh" if facts.refresh else facts.store
    with open_store(session.base_url, session.credential, mode) as store:
        yield store


@contextmanager
def _demo() -> Iterator[tuple[Settings, list[str]]]:
    from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox, demo_world

    world = demo_world()
    people = list(world.truth.usernames)
    with Sandbox(world) as sandbox:
        # Not a secret; processes that take part in a run read it there.
        os.environ[_DEMO_VARIABLE] = ADMIN_TOKEN
        credential = Credential.from_environment(_DEMO_VARIABLE)
        yield Settings(sandbox.url, credential, "the built-in demo"), people
