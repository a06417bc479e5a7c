"""Worlds that a test may change: made once in each process, and copied for each test.

A copy takes a fifth of the time that making takes, and thousands of tests have one.
"""

from __future__ import annotations

import pickle
from functools import lru_cache
from typing import Any

from gitlab_sync.sandbox import World, demo_world, generate_world
from gitlab_sync.sandbox.records import without_collection


def fresh_world(seed: int, **sizes: Any) -> World:
    """Return a world as `generate_world` makes it, which shares nothing with any other."""
    return _unpacked(_generated(seed, **sizes))


def fresh_demo() -> World:
    """Return the demo's world of today, which shares nothing with any other."""
    return _unpacked(_demo())


@lru_cache(maxsize=32)
def _generated(seed: int, **sizes: Any) -> bytes:
    return _packed(generate_world(seed, **sizes))


@lru_cache(maxsize=1)
def _demo() -> bytes:
    return _packed(demo_world())


def _packed(world: World) -> bytes:
    known = {
        "external_url": world.external_url,
        "truth": world.known_truth,
        "today": world.today,
        "teams": world.teams,
    }
    return pickle.dumps((world.tables, known))


@without_collection()
def _unpacked(packed: bytes) -> World:
    tables, known = pickle.loads(packed)
    return World(tables, **known)
