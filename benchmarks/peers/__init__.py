"""Who is compared: one module for each client, named in `NAMES`, ours first.

A module has a `TITLE`, says in `HOW` how its user wrote it, names the `PACKAGES` it needs, whether
it is `SERIAL` (no threads, so it gets less to read when answers are slow), and the `TASKS` it can
do. A module without its packages is left out, with a note.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

NAMES = (
    "ours",
    "requests_threads",
    "httpx_threads",
    "python_gitlab_threads",
    "python_gitlab_http",
    "python_gitlab_serial",
    "aiohttp_loop",
)


@dataclass(frozen=True, slots=True)
class Peer:
    """What a peer's module says about itself."""

    name: str
    title: str
    how: str
    packages: tuple[str, ...]
    serial: bool
    tasks: frozenset[str]


def installed() -> tuple[tuple[Peer, ...], tuple[str, ...]]:
    """Return the peers that can run, and a sentence for each that cannot."""
    found: list[Peer] = []
    missing: list[str] = []
    for name in NAMES:
        try:
            module = importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            missing.append(f"{name} was left out: {error.name} is not installed.")
            continue
        found.append(
            Peer(
                name,
                module.TITLE,
                module.HOW,
                module.PACKAGES,
                getattr(module, "SERIAL", False),
                frozenset(module.TASKS),
            )
        )
    return tuple(found), tuple(missing)
