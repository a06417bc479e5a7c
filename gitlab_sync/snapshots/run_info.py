"""`run.json`: what a run is, when it was taken, by which policy, and what its files are."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from gitlab_sync._version import __version__
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.text import instant
from gitlab_sync.snapshots.files import RUN, Folder, damaged
from gitlab_sync.snapshots.schema import TABLES, VERSION

FORMAT = "gitlab-sync snapshot"

_NAME = re.compile(r"[a-z_]+(\.[a-z0-9]+)*\.parquet")
"""The name of a file of a table, which leads to no other folder."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What `run.json` says. Immutable.

    `began` and `ended` are times of the server, ISO 8601 in UTC; None where it did not say. `taken`
    is when the run began by this machine's clock. `completeness` says in words how much was read of
    what. `rules_hash` is of the policy without its waivers (empty: an earlier version did not write
    it). `left_out` counts, by reason, the projects of each group that were not evaluated. `rows`
    has the number of rows of each table, `files` the hash of each file, by its name: that of the
    table, a dot, and more. `forgotten` counts the people who were removed from it.
    """

    schema: int
    instance: str
    began: str | None
    ended: str | None
    taken: str
    policy: str
    policy_hash: str
    completeness: Mapping[str, str]
    whole: bool
    rules_hash: str = ""
    groups: Sequence[str] = ()
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    forgotten: int = 0
    format: str = FORMAT

    @property
    def moment(self) -> datetime:
        """The moment of the run: the server's time at its begin, else this machine's."""
        return instant(self.began) or datetime.fromisoformat(self.taken)

    @property
    def over(self) -> datetime:
        """The moment after which nothing was read: the server's time of the last answer."""
        return instant(self.ended) or self.moment

    @property
    def mark(self) -> str:
        """What is another one as soon as anything of the run is."""
        return sha256(self.to_json()).hexdigest()

    def to_json(self) -> bytes:
        """Return the content of `run.json`."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_run(folder: Folder, run: str) -> RunInfo:
    """Return what the `run.json` of a run says.

    Raises ConfigurationError if there is none, if it is none of ours, and for a newer schema.
    """
    try:
        found = orjson.loads(folder.read(run, RUN))
    except FileNotFoundError:
        raise damaged(folder, run, f"{RUN} is missing") from None
    except orjson.JSONDecodeError:
        raise damaged(folder, run, f"{RUN} is not JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise damaged(folder, run, f"{RUN} is not one of a snapshot")
    version = found.get("schema")
    if not isinstance(version, int) or version > VERSION:
        raise ConfigurationError(
            f"The snapshot {run} in {folder.name} has schema {version}; this version reads up to "
            f"{VERSION}",
            hint="Update gitlab-sync.",
        )
    keys = RunInfo.__dataclass_fields__
    try:
        info = RunInfo(**{key: value for key, value in found.items() if key in keys})
        moment = instant(info.began) or instant(info.taken)
    except TypeError:
        moment = None
    files = [str(name) for name in found.get("files") or ()]
    lacks = {table.name for table in TABLES} - {name.partition(".")[0] for name in files}
    if moment is None or lacks or not all(map(_NAME.fullmatch, files)):
        raise damaged(folder, run, f"{RUN} lacks what it must say")
    return info


def policy_hash(policy: Policy, *, waivers: bool = True) -> str:
    """Return a hash of everything that a policy decides, wherever its file is."""
    said: list[Any] = [
        policy.name,
        policy.base,
        [[each.key, each.value] for each in policy.settings],
        sorted(str(asdict(each) | {"place": ""}) for each in policy.waivers if waivers),
    ]
    return sha256(orjson.dumps(said, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of what wrote a run."""
    import pyarrow as pa  # type: ignore[import-untyped]

    return {
        "gitlab-sync": __version__,
        "pyarrow": pa.__version__,
        "python": platform.python_version(),
    }
