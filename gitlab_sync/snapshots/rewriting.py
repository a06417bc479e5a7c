"""Files of a run that is there already: new ones take the place of others, all at once."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Self

from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.snapshots.files import RUN, Folder
from gitlab_sync.snapshots.run_files import HashedFiles, sync

_TEMPORARY = ".tmp"


class Rewriting(HashedFiles):
    """New files of a run. A context manager: with `finish` they count, without it none stays.

    The run is what its `run.json` names, which is replaced in one step: a reader has the old files
    or the new ones.
    """

    def __init__(self, folder: Folder, run: str) -> None:
        super().__init__(folder, run)
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def finish(self, run: bytes, known: Collection[str]) -> None:
        """Replace `run.json`, and remove all files of tables but the `known` ones.

        Raises ConfigurationError if it cannot be written, or a file not be removed.
        """
        path = self.folder.below(self.place, RUN)

        def write() -> None:
            if self.folder.is_local:
                for name in self.started:
                    sync(Path(self.folder.below(self.place, name)))
                with AtomicFile(path) as file:
                    file.write(run)
            else:
                with self.folder.system.open_output_stream(path) as stream:
                    stream.write(run)

        self.folder.attempt("write", write)
        self._finished = True
        remove_unknown(self.folder, self.place, known)

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            for name in self.started:
                try:
                    self.folder.system.delete_file(self.folder.below(self.place, name))
                except OSError:  # what is left counts for no one, and the next rewriting removes it
                    continue


def remove_unknown(folder: Folder, run: str, known: Collection[str]) -> None:
    """Remove what an earlier rewriting of a run has left: files that its `run.json` does not name.

    Raises ConfigurationError if that cannot be done.
    """
    from pyarrow import fs  # type: ignore[import-untyped]

    def remove() -> None:
        for each in folder.system.get_file_info(fs.FileSelector(folder.below(run))):
            is_left = each.base_name.endswith((".parquet", _TEMPORARY))
            if each.is_file and is_left and each.base_name not in known:
                folder.system.delete_file(each.path)

    folder.attempt("delete", remove)
