"""The operator's setting for the store on disk, and the store of each visitor."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import cast, get_args

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.store.store import PrincipalStore, Store
from gitlab_sync.types import STORE_VARIABLE, StoreMode

_store = lru_cache(maxsize=64)(Store)  # one for each instance


def store_mode() -> StoreMode:
    """Return the mode that `GITLAB_SYNC_STORE` sets; `off` without it.

    The default is off because a server has the data of many people. Raises ConfigurationError for
    any other value.
    """
    value = os.environ.get(STORE_VARIABLE, "").strip().lower() or "off"
    if value not in get_args(StoreMode):
        raise ConfigurationError(
            f"{STORE_VARIABLE} must be on, off or read-only, got {value!r}",
            hint="Set it to on, off or read-only.",
        )
    return cast("StoreMode", value)


def store_for(sign_in: SignIn) -> PrincipalStore | None:
    """Return the visitor's part of the store; None if the store is off, and for the demo."""
    mode = store_mode()
    if mode == "off" or sign_in.is_demo:
        return None
    return _store(sign_in.base_url, mode).of(sign_in.credential)
