"""What this server keeps on its disk of ended merge requests, if its operator says so."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import cast, get_args

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.store.store import PrincipalStore, Store
from gitlab_sync.types import STORE_VARIABLE, StoreMode

_INSTANCES = 64


def store_mode() -> StoreMode:
    """Return what `GITLAB_SYNC_STORE` says; off without it, since a server has many people's data.

    Raises ConfigurationError for another word.
    """
    said = os.environ.get(STORE_VARIABLE, "").strip().lower() or "off"
    if said not in get_args(StoreMode):
        raise ConfigurationError(f"{STORE_VARIABLE} is {said!r}", hint="Say on, off or read-only.")
    return cast("StoreMode", said)


def kept_for(sign_in: SignIn) -> PrincipalStore | None:
    """Return what is kept for somebody; None where nothing is, as of the demo. Thread-safe."""
    mode = store_mode()
    if mode == "off" or sign_in.is_demo:
        return None
    return _store(sign_in.base_url, mode).of(sign_in.credential)


@lru_cache(maxsize=_INSTANCES)
def _store(instance: str, mode: StoreMode) -> Store:
    """Return the one store of an instance."""
    return Store(instance, mode)
