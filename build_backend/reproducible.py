"""Builds with setuptools, so that the same sources give the same bytes.

Times in archives are `SOURCE_DATE_EPOCH`, or else a fixed day. An archive of the sources has its
entries in order, and no owner.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path
from typing import Any

from setuptools import build_meta  # type: ignore[import-untyped] # it has no types
from setuptools.build_meta import (  # type: ignore[import-untyped] # as above
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_FIXED = "1580601600"  # the second of February 2020: zip files know no time before 1980
_VARIABLE = "SOURCE_DATE_EPOCH"


def build_wheel(directory: str, settings: Any = None, metadata: str | None = None) -> str:
    """Build a wheel into this folder, and return its name."""
    os.environ.setdefault(_VARIABLE, _FIXED)
    return str(build_meta.build_wheel(directory, settings, metadata))


def build_sdist(directory: str, settings: Any = None) -> str:
    """Build an archive of the sources into this folder, and return its name."""
    name = str(build_meta.build_sdist(directory, settings))
    path = Path(directory, name)
    path.write_bytes(_settled(path.read_bytes(), int(os.environ.get(_VARIABLE, _FIXED))))
    return name


def _settled(archive: bytes, moment: int) -> bytes:
    """Return an archive with the same files, in order, as of a moment and of no one."""
    plain = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for entry in sorted(old.getmembers(), key=lambda entry: entry.name):
            entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = moment, 0, 0, "", ""
            entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
            entry.pax_headers = {}
            new.addfile(entry, old.extractfile(entry) if entry.isfile() else None)
    return gzip.compress(plain.getvalue(), mtime=moment)
