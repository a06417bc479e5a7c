"""Settings of the C library, in the process of the tests: they do no harm there."""

from __future__ import annotations

import ctypes
import platform

import pytest

from gitlab_sync.pages.state.memory import give_back_memory

NAMES = ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"]

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")


@needs_glibc
def test_glibc_takes_all_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so for each."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    assert give_back_memory() == NAMES


@needs_glibc
def test_what_the_operator_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment has the last word."""
    monkeypatch.setenv(NAMES[0], "8")
    assert NAMES[0] not in give_back_memory()


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_another_c_library_is_left_alone(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Musl and macOS have no such function, and Windows no library of that name."""

    def library(_name: None) -> object:
        if error is AttributeError:
            return object()
        raise error

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert give_back_memory() == []
