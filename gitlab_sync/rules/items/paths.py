"""Recognises the tests in a repository by their paths."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "e2e", "testdata"})

_STEM = re.compile(
    r"^(tests?|spec|test[_-].*|.*[_-]tests?|.*[_-]spec|.*\.test|.*\.spec)$", re.IGNORECASE
)

# Here the case matters: HTTPTest is a test, Attest and latest are not.
_CAMEL_STEM = re.compile(r"^(.*[A-Za-z0-9_])?(Test|Tests|Spec)$")


@lru_cache(maxsize=10_000)  # the same files change again and again
def is_test_path(path: str) -> bool:
    """Return whether `path` (with `/`, from the root of the repository) is a test.

    It is a test by one of its folders (`tests/`, `e2e/`, …), by its name without the last suffix
    (`foo_test`, `app.spec`, `HTTPTest`, …), or as pytest's `conftest.py`.
    """
    file = PurePosixPath(path)
    return (
        any(folder.lower() in _FOLDERS for folder in file.parts[:-1])
        or _STEM.match(file.stem) is not None
        or _CAMEL_STEM.match(file.stem) is not None
        or file.name.lower() == "conftest.py"
    )
