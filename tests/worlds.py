"""Worlds that a test may change: made once in each process, and copied for each test.

A copy takes a fifth of the time that making takes, and thousands of tests have one.
"""

from __future__ import annotations

import pickle
from dataclasses import fields
from functools import lru_cache
from typing import Any

from gitlab_sync.sandbox import World, demo_world, generate_world
from gitlab_sync.sandbox.records import without_collection
from gitlab_sync.sandbox.tables import Children


def fresh_world(seed: int, **sizes: Any) -> World:
    """Return a world as `generate_world` makes it, which shares nothing with any other."""
    return _unpacked(_generated(seed, **sizes))


def fresh_demo() -> World:
    """Return the demo's world of today, which shares nothing with any other."""
    return _unpacked(_demo())


def rename(world: World, number: int, username: str) -> None:
    """Give the person with this id another username, wherever it is; call `World.changed` then."""

    def walk(value: Any) -> None:
        if isinstance(value, Children):
            value = [value.get(key) for key in value.keys()]  # noqa: SIM118 - it is no dict
        if isinstance(value, dict):
            if value.get("id") == number and "username" in value:
                value["username"] = username
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                walk(each)

    for field in fields(world.tables):
        walk(getattr(world.tables, field.name))


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
