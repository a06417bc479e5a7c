"""Which run of a folder is meant: by its name, as the last one, or as the one before it."""

from __future__ import annotations

from datetime import datetime

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.run_info import read_run


def _run_of(folder: Folder, run: str | None) -> str:
    runs = folder.runs()
    if not runs:
        raise no_snapshot(folder)
    if run is None:
        return runs[-1]
    chosen = [each for each in runs if each.startswith(run)]
    if len(chosen) != 1 and run not in runs:
        raise ConfigurationError(
            f"The run must be one of {folder.name}, got {run}",
            hint=f"The runs are {', '.join(runs[-5:])}.",
        )
    return run if run in runs else chosen[0]


def no_snapshot(folder: Folder) -> ConfigurationError:
    """Return the error for a folder without a run."""
    return ConfigurationError(
        f"There is no snapshot in {folder.name}",
        hint="Take one with gitlab-sync snapshot --into DIR.",
    )


def source_of(name: str) -> Source:
    """Return the run that `DIR` or `DIR@RUN` names; raises as `open_snapshot`."""
    folder, run = _named(name)
    return Source(folder, run, read_run(folder, run))


def sources_of(name: str) -> list[Source]:
    """Return the run that `DIR@RUN` names, or all runs of `DIR`; raises as `open_snapshot`."""
    folder, named = _parts(name)
    run = _run_of(folder, named)
    runs = folder.runs() if named is None else [run]
    return [Source(folder, each, read_run(folder, each)) for each in runs]


def last_by(name: str, when: datetime) -> Source:
    """Return the last run of the folder `DIR` that was over by a moment.

    What such a run says was so at that moment, or before it. Raises ConfigurationError if there is
    none, for `DIR@RUN`, and as `open_snapshot`.
    """
    folder, named = _parts(name)
    if named is not None:
        raise ConfigurationError(
            f"With --as-of the folder of snapshots must be given, got the run {named}",
            hint="Leave out @RUN, or --as-of: the moment chooses the run.",
        )
    first = _run_of(folder, None)
    for run in reversed(folder.runs()):
        info = read_run(folder, run)
        if info.over <= when:
            return Source(folder, run, info)
        first = run
    raise ConfigurationError(
        f"There must be a run of {folder.name} before {when.isoformat()}, the first one is {first}",
        hint="Ask for a later moment, or without --from: GitLab knows a part of what was before.",
    )


def last_two(name: str) -> tuple[Source, Source]:
    """Return the last two runs of a folder, or with `DIR@RUN` the one before it and that one.

    Raises ConfigurationError if there is none before, and as `open_snapshot`.
    """
    folder, last = _named(name)
    runs = folder.runs()
    before = runs[: runs.index(last)]
    if not before:
        raise ConfigurationError(
            f"There must be a run before {last} in {folder.name}, got none",
            hint="Take another snapshot, or name two runs: DIR@RUN DIR@RUN.",
        )
    return Source(folder, before[-1], read_run(folder, before[-1])), Source(
        folder, last, read_run(folder, last)
    )


def moment_of(name: str) -> datetime:
    """Return the moment of the run that `DIR` or `DIR@RUN` names; raises as `open_snapshot`."""
    folder, run = _named(name)
    return read_run(folder, run).moment


def _named(name: str) -> tuple[Folder, str]:
    folder, run = _parts(name)
    return folder, _run_of(folder, run)


def _parts(name: str) -> tuple[Folder, str | None]:
    place, _, run = name.rpartition("@") if "@" in name.rpartition("/")[2] else (name, "", "")
    return Folder.at(place or name), run or None
