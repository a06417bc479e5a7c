"""How many runs of a folder are kept."""

from __future__ import annotations

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.run_files import remove_run
from gitlab_sync.snapshots.run_info import RunInfo, read_run


def prune(folder: Folder, keep: int, instance: str) -> list[str]:
    """Remove all runs of an instance but the last `keep`; return their names.

    The last `keep` that have everything stay, too: what cannot be read for some days takes the
    place of nothing. A run that cannot be understood is left as it is. Raises ConfigurationError if
    the folder cannot be read, or a run not be removed.
    """
    known = {run: info for run in folder.runs() if (info := _read(folder, run)) is not None}
    ours = [run for run, info in known.items() if info.instance == instance]
    whole = [run for run in ours if known[run].whole]
    staying = {*ours[-keep:], *whole[-keep:]}
    removed = [run for run in ours if run not in staying]
    for run in removed:
        remove_run(folder, run)
    return removed


def _read(folder: Folder, run: str) -> RunInfo | None:
    try:
        return read_run(folder, run)
    except ConfigurationError:
        return None
