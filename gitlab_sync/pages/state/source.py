"""Where a visitor's rows come from: the GitLab of their sign-in, or the server's snapshot.

This is the one place that decides it. Pages ask a `Source` and do not know which it is, but for
fields that only one of them has.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple, Protocol, TypeVar

from gitlab_sync.errors import ConfigurationError, GitLabSyncError, without_secrets
from gitlab_sync.pages.state.access import Access, access_to, admins_of
from gitlab_sync.pages.state.aliases_setting import NO_ALIASES, ServerAliases, server_aliases
from gitlab_sync.pages.state.browser import current_sign_in
from gitlab_sync.pages.state.hosts import is_same_gitlab
from gitlab_sync.pages.state.policy_setting import offered_policies
from gitlab_sync.pages.state.roles import Role
from gitlab_sync.pages.state.served_run import POOL, ServedRun, is_snapshot_served, served_run
from gitlab_sync.pages.state.server_settings import live_role_of, server_roles, server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.state.store_setting import store_for
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.policy import Policy
from gitlab_sync.run import Run
from gitlab_sync.services.reader import GitLabReader, Reader
from gitlab_sync.snapshots.reader import SnapshotReader

R = TypeVar("R", bound=Report)

log = logging.getLogger("gitlab_sync")


_access_to = lru_cache(maxsize=64)(access_to)  # each page asks several times


class NoAccess(GitLabSyncError):
    """The visitor sees nothing of the server's snapshot; the text says no more than they know."""


class Rights(NamedTuple):
    """What an answer depends on besides its query: only those who have the same share it.

    `who` tells what its readers see. `run` is the name of the run and `mark` what changes with it;
    both are None for a live GitLab. `aliases` changes with the server's aliases file: answers by
    older ones are still shown.
    """

    who: Hashable
    run: str | None = None
    mark: str | None = None
    aliases: Hashable = None

    def show(self, other: Rights) -> bool:
        """Return whether those with these rights also see an answer to others.

        They do if they see the same people, of this run or of an older one, but not of one that was
        changed since: someone was removed from it.
        """
        return self.who == other.who and (self.run != other.run or self.mark == other.mark)


class Source(Protocol):
    """What answers a visitor's queries."""

    @property
    def role(self) -> Role:
        """The role that decides which pages there are."""

    @property
    def instance(self) -> str:
        """The URL of the GitLab that the rows are of."""

    @property
    def rights(self) -> Rights:
        """What answers to this visitor depend on."""

    @property
    def run(self) -> ServedRun | None:
        """The run of a snapshot; None for a live GitLab."""

    def policies(self) -> Mapping[str, Policy]:
        """Return the policies that can be asked for, by name, the usual one first.

        Raises ConfigurationError if the server's is not valid.
        """

    def reader(self, run: Run) -> AbstractContextManager[Reader]:
        """Open what answers, for one run."""

    def ask(self, answer: Callable[[Reader, Run], R], run: Run) -> R:
        """Return an answer, as the work of a job.

        Raises AuthenticationError if GitLab no longer accepts the token: a row cannot say that.
        """


@dataclass(frozen=True, slots=True)
class LiveSource:
    """The GitLab of a sign-in, read with its token. Immutable."""

    sign_in: SignIn
    role: Role
    aliases: ServerAliases = NO_ALIASES
    run: None = None

    @property
    def instance(self) -> str:
        """The URL of the GitLab that the rows are of."""
        return self.sign_in.base_url

    @property
    def rights(self) -> Rights:
        """Those of the token's owner."""
        return Rights(self.sign_in.principal, aliases=self.aliases.state)

    def policies(self) -> Mapping[str, Policy]:
        """Return the policies that can be asked for."""
        return offered_policies()

    @contextmanager
    def reader(self, run: Run) -> Iterator[Reader]:  # noqa: ARG002
        """Open a client of the visitor."""
        with self.sign_in.client() as client:
            yield GitLabReader(client, self.aliases.known_by)

    def ask(self, answer: Callable[[Reader, Run], R], run: Run) -> R:
        """Return an answer; AuthenticationError if GitLab no longer accepts the token."""
        with self.sign_in.client() as client:
            run = replace(run, store=store_for(self.sign_in))
            report = answer(GitLabReader(client, self.aliases.known_by), run)
            completeness = report.completeness
            refused = "not signed in" in {*completeness.lost, *completeness.lists}
            refused_rows = (
                row.get("Status") == "Error" and "401" in str(row.get("Error")) for row in report
            )
            if refused or (report and all(refused_rows)):
                client.get("user")
            return report


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """What a visitor sees of the server's snapshot: no request is sent for it. Immutable."""

    run: ServedRun
    access: Access

    @property
    def role(self) -> Role:
        """The role that decides which pages there are."""
        return self.access.role

    @property
    def instance(self) -> str:
        """The URL of the GitLab that the rows are of."""
        return self.run.info.instance

    @property
    def rights(self) -> Rights:
        """Those of everyone who sees the same people of this run."""
        source = self.run.source
        return Rights((source.folder.name, self.access.seen), source.run, source.info.mark)

    def policies(self) -> Mapping[str, Policy]:
        """Return the policy by which the run was taken: no other can be asked for."""
        return {self.run.policy.name: self.run.policy}

    @contextmanager
    def reader(self, run: Run) -> Iterator[Reader]:
        """Open what the visitor sees of the run."""
        source = replace(self.run.source, seen=self.access.seen)
        with POOL.opened(source, run.cancel) as snapshot:
            yield SnapshotReader(snapshot, self.run.policy)

    def ask(self, answer: Callable[[Reader, Run], R], run: Run) -> R:
        """Return an answer, as the work of a job."""
        with self.reader(run) as reader:
            return answer(reader, run)


def source_of(sign_in: SignIn) -> LiveSource | SnapshotSource:
    """Return where a visitor's rows come from. The demo is always a GitLab of its own.

    Raises NoAccess if the server has a snapshot, and the visitor sees nothing of it. What is wrong
    with the settings is in the log: visitors are told that something is.
    """
    if sign_in.is_demo or not is_snapshot_served():
        return LiveSource(sign_in, live_role_of(sign_in), _aliases_for(sign_in))
    try:
        run = served_run()
        if run is None:
            raise AssertionError("a snapshot is served")
        roles, admins = server_roles(), admins_of(server_secrets(), os.environ)
    except ConfigurationError as fault:
        _FAULT.tell(f"no one sees the snapshot: {fault.reason} {fault.hint}")
        raise NoAccess(
            "This server has a fault in its settings, so it shows its snapshot to no one",
            hint="Its operator can read in the log what it is.",
        ) from None
    _FAULT.tell("")
    access = None
    if is_same_gitlab(sign_in.base_url, run.info.instance):
        access = _access_to(run.directory, roles, admins, sign_in.username, sign_in.user_id)
    if access is None:
        raise NoAccess(
            "This server shows a snapshot, and there is nothing for you in it",
            hint="It shows people their own work if it was taken of them, and the work of others "
            "if the list of roles says so. Ask the operator of this server.",
        )
    return SnapshotSource(run, access)


def _aliases_for(sign_in: SignIn) -> ServerAliases:
    """Return the server's aliases; none if they are not valid, which the head of pages says."""
    try:
        found = server_aliases(sign_in)
    except ConfigurationError as fault:
        _ALIASES_FAULT.tell(f"the aliases do not count: {fault.reason} {fault.hint}")
        return NO_ALIASES
    _ALIASES_FAULT.tell("")
    return found


def role_of(sign_in: SignIn) -> Role:
    """Return the role that decides which pages a visitor sees. Raises NoAccess as `source_of`."""
    return source_of(sign_in).role


def current_source() -> Source | None:
    """Return the source of this browser's visitor; None if no one is signed in.

    Raises NoAccess as `source_of`.
    """
    visitor = current_sign_in()
    return None if visitor is None else source_of(visitor)


def current_run() -> ServedRun | None:
    """Return the run that this browser's visitor sees; None for a live GitLab."""
    source = current_source()
    return None if source is None else source.run


class _Fault:
    """What is wrong with the settings now. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = ""

    def tell(self, text: str) -> None:
        """Write a fault into the log when it is new: every page of every visitor meets it."""
        with self._lock:
            is_new, self._text = text not in {"", self._text}, text
        if is_new:
            log.error("%s", without_secrets(text))


_FAULT, _ALIASES_FAULT = _Fault(), _Fault()
