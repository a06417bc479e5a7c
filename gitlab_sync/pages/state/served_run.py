"""The snapshot that the server shows in the place of a GitLab, if its operator has set one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.policy_setting import offered_policies
from gitlab_sync.pages.state.server_settings import server_secrets
from gitlab_sync.rules.policy import Policy
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.directory import Directory
from gitlab_sync.snapshots.pool import SnapshotPool
from gitlab_sync.snapshots.run_info import RunInfo
from gitlab_sync.snapshots.runs import source_of
from gitlab_sync.snapshots.snapshot import Snapshot

VARIABLE = "GITLAB_SYNC_SNAPSHOT"
"""The environment variable with the snapshot, `DIR` or `DIR@RUN`."""

SETTING = "snapshot"
"""The key of the secrets with the same."""

LOOK = 10.0
"""Seconds after which the server looks again whether there is a newer run."""

POOL = SnapshotPool()
"""The open runs of the process."""


@dataclass(frozen=True, slots=True)
class ServedRun:
    """The run that visitors see: who is in it, and the policy that it was taken by. Immutable."""

    source: Source
    policy: Policy
    directory: Directory

    @property
    def info(self) -> RunInfo:
        """What its `run.json` says."""
        return self.source.info

    @classmethod
    def of(cls, source: Source) -> ServedRun:
        """Read a run. Raises ConfigurationError if it is damaged, or taken by another policy."""
        with POOL.opened(source) as snapshot:
            return cls(source, _policy_of(snapshot), Directory.of(snapshot))


def _policy_of(snapshot: Snapshot) -> Policy:
    """Return that of the server's policies by which a run was taken."""
    offered = offered_policies()
    for policy in offered.values():
        try:
            snapshot.require_policy(policy)
        except ConfigurationError:
            continue
        return policy
    raise ConfigurationError(
        f"The snapshot {snapshot.run} was taken by the policy {snapshot.info.policy}, which is not "
        f"one of this server: {', '.join(offered)}",
        hint="Set GITLAB_SYNC_POLICY to that policy as it was then, or take a new snapshot.",
    )


class ServedSnapshot:
    """What `DIR` or `DIR@RUN` names, and of a folder its newest run. Thread-safe.

    `clock` returns seconds and never goes back. A run is read once, and what is wrong with it is
    looked at again after `LOOK` seconds.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._due = clock()
        self._found: ServedRun | None = None
        self._fault: ConfigurationError | None = None

    def run(self) -> ServedRun:
        """Return the run. Raises ConfigurationError if there is none, or it cannot be read."""
        with self._lock:
            if self._clock() >= self._due:
                self._look()
                self._due = self._clock() + LOOK
            if self._fault is not None:
                raise copy(self._fault)  # each visitor's own, with its own traceback
            if self._found is None:
                raise AssertionError("it was looked at")
            return self._found

    def _look(self) -> None:
        self._fault = None
        try:
            source = source_of(self._name)
            if self._found is None or source.info != self._found.info:
                self._found = ServedRun.of(source)
        except ConfigurationError as fault:
            self._fault = fault


_served = lru_cache(maxsize=4)(ServedSnapshot)


def is_snapshot_served() -> bool:
    """Return whether the operator has set a snapshot, whether or not it can be read."""
    return bool(_name())


def served_run() -> ServedRun | None:
    """Return the run that visitors see; None if they see a live GitLab.

    Raises ConfigurationError if it cannot be read.
    """
    name = _name()
    return _served(name).run() if name else None


def _name() -> str:
    return str(server_secrets().get(SETTING) or os.environ.get(VARIABLE, "")).strip()
