"""The policy that the server's operator chose."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache

from gitlab_sync.pages.state.server_settings import server_secrets
from gitlab_sync.policies.file import BUILT_IN, load
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.types import POLICY_VARIABLE

# A file is read once: all pages show the same policy until the server starts again.
_load = lru_cache(maxsize=8)(load)


def server_policy() -> Policy:
    """Return the policy that the secrets name as `policy`, else the environment; else `fair`.

    Its waivers are those of today. Raises ConfigurationError, with all faults, if it is not valid,
    and if it is at an address, since the server has no token of its own.
    """
    return _own().at(datetime.now(UTC))


def offered_policies() -> dict[str, Policy]:
    """Return the policies that the server knows, by name; the operator's is the first.

    Raises ConfigurationError as `server_policy` does.
    """
    own = server_policy()
    return {own.name: own, **{name: each for name, each in BUILT_IN.items() if name != own.name}}


def _own() -> Policy:
    named = server_secrets().get("policy") or os.environ.get(POLICY_VARIABLE) or FAIR.name
    return _load(str(named))
